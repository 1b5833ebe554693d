"""The page a person sees: balances, results and ledger, in one self-contained HTML document."""

from __future__ import annotations

from html import escape

from airflow_provider_rivya.sandbox.state.files import files_of
from airflow_provider_rivya.sandbox.state.store import LedgerEntry, State, Task

SHOWN_TASKS = 60
SHOWN_ENTRIES = 100
SHOWN_PROMPT = 240
GATEWAY_TITLES = {"rivya": "Rivya", "toapis": "ToAPIs"}

STYLE = """
:root{color-scheme:light dark;--paper:#f6f5f1;--card:#fff;--ink:#1b1e28;--soft:#6d7080;--line:#e3e1da;
--accent:#3b5bdb;--good:#2b8a3e;--bad:#c92a2a;--wait:#e67700}
@media(prefers-color-scheme:dark){:root{--paper:#15171d;--card:#1e212a;--ink:#eceef4;--soft:#9a9eae;
--line:#2d313d;--accent:#91a7ff;--good:#69db7c;--bad:#ff8787;--wait:#ffc078}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1200px;margin:0 auto;padding:40px 24px 64px}h1{font-size:26px;margin:0}
h2{font-size:13px;letter-spacing:.08em;text-transform:uppercase;color:var(--soft);margin:40px 0 14px}
.lead{color:var(--soft);margin:6px 0 0;max-width:70ch}code{font-family:ui-monospace,monospace;font-size:.92em}
.figures{display:flex;flex-wrap:wrap;gap:12px;margin-top:24px}
.figure{background:var(--card);border:1px solid var(--line);
border-radius:12px;padding:14px 20px;min-width:130px}
.figure b{display:block;font-size:26px;line-height:1.2}.figure span{color:var(--soft);font-size:13px}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(250px,1fr));gap:18px}
article{background:var(--card);border:1px solid var(--line);border-radius:12px;overflow:hidden}
article a{display:block;background:var(--line);aspect-ratio:4/3}
article img,article video{width:100%;height:100%;object-fit:cover;display:block}
article video{aspect-ratio:4/3;background:#000}article audio{width:calc(100% - 28px);margin:18px 14px 0}
article .none{aspect-ratio:4/3;display:grid;place-items:center;color:var(--soft);background:var(--paper)}
article div.text{padding:12px 14px 14px}article p{margin:0 0 8px;overflow-wrap:anywhere}
.meta{font-size:12.5px;color:var(--soft);display:flex;flex-wrap:wrap;gap:4px 10px}
.succeeded{color:var(--good)}.failed{color:var(--bad)}.queued,.processing{color:var(--wait)}
.scroll{overflow-x:auto;background:var(--card);border:1px solid var(--line);border-radius:12px}
table{border-collapse:collapse;width:100%;font-size:13.5px}
th,td{text-align:left;padding:8px 10px;border-bottom:1px solid var(--line);white-space:nowrap}
tr:last-child td{border-bottom:0}th{color:var(--soft);font-weight:600}td.n{text-align:right;
font-variant-numeric:tabular-nums}.empty{color:var(--soft);padding:18px}a{color:var(--accent)}
"""

# Only the content is exchanged, so that neither the scroll position nor loaded results are lost.
SCRIPT = """
let last="";setInterval(async()=>{try{const t=await(await fetch(location.href)).text();
const m=new DOMParser().parseFromString(t,"text/html").querySelector("main");
if(m&&m.innerHTML!==last){last=m.innerHTML;document.querySelector("main").replaceWith(m)}}catch(e){}},2000);
"""


def overview(state: State) -> str:
    """Return the page. Everything that comes from a request is escaped."""
    state.settle()
    now = state.now()
    tasks = list(state.tasks.values())
    figures = [(f"{state.balance(account):g}", f"credits · {account}") for account in state.known_accounts()]
    figures += [
        (str(len(tasks)), "generations"),
        (str(sum(task.status_at(now) in ("queued", "processing") for task in tasks)), "running"),
        (str(len(state.files)), "uploads"),
    ]
    shown = "".join(
        f"<div class=figure><b>{escape(n)}</b><span>{escape(what)}</span></div>" for n, what in figures
    )
    cards = "".join(_card(task, now) for task in tasks[::-1][:SHOWN_TASKS])
    gallery = (
        f"<div class=gallery>{cards}</div>" if cards else "<div class='scroll empty'>Nothing made yet.</div>"
    )
    return (
        "<!doctype html><html lang=en><head><meta charset=utf-8><title>Sandbox of Rivya and ToAPIs</title>"
        "<meta name=viewport content='width=device-width,initial-scale=1'>"
        f"<link rel=icon href='data:,'><style>{STYLE}</style></head><body><main>"
        "<h1>Sandbox of Rivya and ToAPIs</h1>"
        "<p class=lead>A stand-in for both gateways on this machine. Nothing is real, nothing is charged. "
        "API keys: Rivya <code>rvya_sk_sandbox</code>, ToAPIs <code>sk-sandbox</code> · "
        "<a href=/api/v1/models>Rivya's models</a> · <a href=/sandbox/assumptions>assumptions</a> · "
        "<a href=/sandbox/requests>requests</a></p>"
        f"<div class=figures>{shown}</div><h2>Results</h2>{gallery}<h2>Ledger</h2>{_ledger(state)}</main>"
        f"<script>{SCRIPT}</script></body></html>"
    )


def _card(task: Task, now: float) -> str:
    status = task.status_at(now)
    name = escape(task.id, quote=True)
    shown = _shown(str(task.model["category"]), name) if status == "succeeded" else ""
    shown = shown or f"<div class=none>{status}</div>"
    prompt = task.prompt if len(task.prompt) <= SHOWN_PROMPT else f"{task.prompt[: SHOWN_PROMPT - 1]}…"
    count = len(files_of(task, "wav"))
    facts = [
        f"<span class={status}>{status}</span>",
        GATEWAY_TITLES[task.gateway],
        escape(str(task.model["name"])),
        f"{task.credits:g} credits",
        *([f"{count} results"] if count > 1 else []),
        f"<code>{name}</code>",
    ]
    meta = "".join(fact if fact.startswith("<span") else f"<span>{fact}</span>" for fact in facts)
    return (
        f"<article>{shown}<div class=text><p>{escape(prompt)}</p><div class=meta>{meta}</div></div></article>"
    )


def _shown(category: str, name: str) -> str:
    source = f"/sandbox/results/{name}/0"
    if category == "video":
        return f"<video controls muted loop playsinline preload=metadata src='{source}'></video>"
    if category == "audio":
        return f"<audio controls preload=none src='{source}'></audio>"
    return f"<a href='{source}'><img loading=lazy alt='' src='{source}'></a>"


def _ledger(state: State) -> str:
    if not state.ledger:
        return "<div class='scroll empty'>No charges.</div>"
    rows = "".join(_row(entry) for entry in state.ledger[::-1][:SHOWN_ENTRIES])
    head = "<tr><th>#<th>At<th>Kind<th>Credits<th>Gateway<th>Account<th>Model<th>Generation<th>Own key</tr>"
    return f"<div class=scroll><table>{head}{rows}</table></div>"


def _row(entry: LedgerEntry) -> str:
    key = entry.idempotency_key or entry.client_business_id or ""
    cells = (
        GATEWAY_TITLES[entry.gateway],
        escape(entry.account),
        escape(entry.model),
        f"<code>{escape(entry.task_id)}</code>",
        f"<code>{escape(key[:24])}</code>",
    )
    return (
        f"<tr><td class=n>{entry.seq}<td>{escape(entry.at)}<td>{escape(entry.kind)}"
        f"<td class=n>{'-' if entry.kind == 'charge' else '+'}{entry.credits:g}"
        f"{''.join(f'<td>{cell}' for cell in cells)}</tr>"
    )
