"use strict";
// Reads a task's XCom through Airflow's REST API with the viewer's own cookie, and shows it. All that comes from
// there is put in as text.

const asked = new URLSearchParams(location.search);
const [dag, run, task] = ["dag_id", "run_id", "task_id"].map((name) => encodeURIComponent(asked.get(name) || ""));
// Airflow's tab leaves its placeholder where a task is not mapped.
const mapIndex = /^(all|\d+)$/.test(asked.get("map_index")) ? asked.get("map_index") : "-1";
const base = location.pathname.replace(/\/rivya\/gallery\/.*$/, "");
const instances = `${base}/api/v2/dags/${dag}/dagRuns/${run}/taskInstances/${task}`;
const told = {
  401: "You are not signed in: sign in to Airflow, and load this page again.",
  403: "You may not see the XComs of this DAG.",
  404: "This task has left no result (yet).",
};
const OFF = "Pictures are not shown: this Airflow hands out no files. An administrator turns that on in airflow.cfg, and starts the API server again:";
const ELSEWHERE = "A file is not shown: it lies below none of the folders of [rivya] ui_media_roots, is gone, or is neither picture, film nor sound.";
const STORE = "A file is not shown: its store did not hand it out to this browser.";
const explained = new Set();
// As many as Airflow's REST API lists at once by default.
const PER_PAGE = 100;
const AT_ONCE = 20;
// Counts the pages that were asked for: what comes late for an earlier one is left out.
let opened = 0;

function made(tag, attributes = {}, ...inside) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...inside);
  return element;
}

async function read(url) {
  const answer = await fetch(url, { credentials: "same-origin", headers: { Accept: "application/json" } });
  if (answer.ok) return answer.json();
  const problem = new Error(told[answer.status] || `Airflow answers with HTTP ${answer.status}.`);
  problem.status = answer.status;
  throw problem;
}

async function xcom(index, key) {
  const entry = await read(`${instances}/xcomEntries/${key}?map_index=${index}`);
  const value = typeof entry.value === "string" ? JSON.parse(entry.value) : entry.value;
  if (value === null || typeof value !== "object") throw new Error("The result of this task is not one of this provider.");
  return value;
}

// The result of an instance; of one that has failed, why.
async function leftBy(index) {
  try {
    return await xcom(index, "return_value");
  } catch (problem) {
    const failure = problem.status === 404 ? await xcom(index, "failure").catch(() => null) : null;
    if (!failure) throw problem;
    return { ...failure, status: "failed", error: failure.message, credits_final: failure.credits, outputs: [] };
  }
}

// Airflow's lists of instances have no rendered fields.
async function promptOf(index) {
  try {
    const instance = await read(index < 0 ? instances : `${instances}/${index}`);
    const prompt = (instance.rendered_fields || {}).prompt;
    return typeof prompt === "string" ? prompt : "";
  } catch {
    return "";
  }
}

function sign(text) {
  const drawing = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", "M3 5h18v14H3zM3 16l5-5 4 4 3-3 6 6");
  for (const [name, value] of [["viewBox", "0 0 24 24"], ["role", "img"], ["aria-label", text]]) drawing.setAttribute(name, value);
  drawing.append(path);
  return drawing;
}

// Why the files are missing, once: the answer says whether that is a setting, or this one file.
async function explain(source, uri) {
  const answer = await fetch(source, { credentials: "same-origin" }).catch(() => null);
  const ours = answer && (answer.headers.get("Content-Type") || "").startsWith("application/json");
  const refused = answer && answer.status !== 404 && told[answer.status];
  const reason = !answer ? STORE : ours ? refused || ELSEWHERE : OFF;
  if (explained.has(reason)) return;
  explained.add(reason);
  const how = document.getElementById("how");
  how.append(made("p", {}, reason));
  const folder = String(uri || "").replace(/[^/]*$/, "");
  if (reason === OFF) how.append(made("pre", { tabindex: "0" }, `[rivya]\nui_media = True\nui_media_roots = ${folder || "s3://connection@bucket/folder/"}`));
}

// The gateway's own copy: nothing is read from there before somebody asks for it.
function copyOf(file) {
  const address = String(file.source_url || "");
  return /^https:\/\//i.test(address) ? made("a", { href: address, rel: "noreferrer" }, "its copy, which expires") : null;
}

function seen(file, source, text) {
  const kind = String(file.mime_type || "").split("/")[0];
  const place = made("div", { class: "shown" });
  if (!["image", "video", "audio"].includes(kind)) {
    place.append(sign(text));
    return place;
  }
  const element = kind === "image"
    ? made("img", { src: source, alt: text, loading: "lazy" })
    : made(kind, { src: source, controls: "", preload: "metadata", "aria-label": text });
  element.addEventListener("error", () => {
    place.replaceChildren(sign(text));
    if (file.uri || source.includes("/rows/")) explain(source, file.uri);
  });
  place.append(kind === "image" ? made("a", { href: source, class: "shown" }, element) : element);
  return place;
}

function card(row, file, source) {
  const name = file.name || String(file.uri || "").split("/").pop();
  const facts = {
    File: name,
    Stored: file.uri,
    Gateway: copyOf(file),
    Model: row.model,
    Credits: row.credits_final,
    Size: file.width && file.height ? `${file.width} × ${file.height}` : "",
    Length: file.duration_s ? `${file.duration_s} s` : "",
    Bytes: file.size_bytes ? file.size_bytes.toLocaleString("en") : "",
    Type: file.mime_type,
    Provenance: file.c2pa ? "C2PA" : "",
  };
  const list = made("dl");
  for (const [label, value] of Object.entries(facts)) {
    if (value !== undefined && value !== null && value !== "") list.append(made("dt", {}, label), made("dd", {}, value instanceof Node ? value : String(value)));
  }
  const bad = row.status !== "succeeded" && row.status !== "reused";
  const title = String(row.row_key || row.client_request_id || row.generation_id || "");
  const about = made("div", { class: "told" }, made("h2", { dir: "auto" }, title),
    made("div", { class: "status" }, String(row.status || "").replaceAll("_", " ")));
  if (bad && row.error) about.append(made("p", { class: "why", dir: "auto" }, String(row.error)));
  if (row.prompt) about.append(made("p", { class: "prompt", dir: "auto", tabindex: "0" }, row.prompt));
  about.append(list);
  return made("article", bad ? { class: "bad" } : {}, seen(file, source, row.prompt || name || title), about);
}

function show(row, sourceOf) {
  const files = Array.isArray(row.outputs) && row.outputs.length ? row.outputs : [{}];
  files.forEach((file, number) => document.getElementById("cards").append(card(row, file || {}, sourceOf(number))));
}

async function batch(summary, index, page, pressed = false) {
  const mine = ++opened;
  const media = `${base}/rivya/media/${dag}/${run}/${task}/${index}/rows`;
  const counts = Object.entries(summary.counts || {}).filter(([, count]) => count);
  const words = counts.map(([name, count]) => `${count} ${name.replaceAll("_", " ")}`).join(", ");
  const why = summary.error ? `${summary.error} ` : "";
  const gallery = summary.gallery_uri ? ` Gallery: ${summary.gallery_uri}` : "";
  const credits = (summary.credits || {}).final;
  const cost = typeof credits === "number" ? `; ${credits} credits` : "";
  document.getElementById("about").textContent = `${why}${words}${cost}. Manifest: ${summary.manifest_uri}${gallery}`;
  document.getElementById("cards").replaceChildren();
  let found;
  try {
    found = await read(`${media}?page=${page}`);
    if (mine !== opened) return;
  } catch {
    if (mine !== opened) return;
    explain(`${media}?page=${page}`, summary.manifest_uri);
    for (const row of summary.failed_sample || []) show(row, () => "");
    return;
  }
  found.rows.forEach((row, at) => show(row, (number) => `${media}/${page * found.per_page + at}/${number}`));
  pager(Math.ceil((summary.rows || 0) / found.per_page), page, pressed, (other) => batch(summary, index, other, true));
}

function pager(count, page, pressed, open) {
  const pages = document.getElementById("pages");
  pages.replaceChildren();
  for (let other = 0; count > 1 && other < count; other += 1) {
    const button = made("button", other === page ? { "aria-current": "page" } : {}, `Page ${other + 1}`);
    button.addEventListener("click", () => open(other).catch(complain));
    pages.append(button);
    if (pressed && other === page) button.focus();
  }
}

function complain(problem) {
  document.getElementById("about").textContent = problem.message;
}

async function one(index) {
  const result = await leftBy(index);
  if (result.manifest_uri) return batch(result, index, 0);
  const gallery = result.gallery_uri ? `Gallery: ${result.gallery_uri}` : "";
  document.getElementById("about").textContent = [result.model, result.generation_id, gallery].filter(Boolean).join(" · ");
  result.prompt = await promptOf(index);
  show(result, (number) => `${base}/rivya/media/${dag}/${run}/${task}/${index}/${number}`);
}

// The instances of a page; Airflow may give fewer at once than are asked for.
async function listed(page) {
  const found = [];
  let total = Infinity;
  while (found.length < PER_PAGE && page * PER_PAGE + found.length < total) {
    const from = page * PER_PAGE + found.length;
    const list = await read(`${instances}/listMapped?order_by=map_index&limit=${PER_PAGE - found.length}&offset=${from}`);
    total = list.task_instances.length ? list.total_entries : from;
    found.push(...list.task_instances);
  }
  return [found, total];
}

function linkTo(index, text) {
  const others = new URLSearchParams(asked);
  others.set("map_index", index);
  return made("a", { href: `?${others}` }, text);
}

async function all(page, pressed = false) {
  const mine = ++opened;
  const [found, total] = await listed(page);
  if (!total) throw new Error(told[404]);
  if (mine !== opened) return;
  const from = page * PER_PAGE;
  const which = total > found.length ? `Instances ${from + 1} to ${from + found.length} of ${total}` : `${total} instances`;
  document.getElementById("about").textContent = `${which}: reading the results…`;
  document.getElementById("cards").replaceChildren();
  pager(Math.ceil(total / PER_PAGE), page, pressed, (other) => all(other, true));
  let credits = 0;
  const counts = { "with a result": 0, failed: 0, "without a result": 0 };
  for (let at = 0; at < found.length; at += AT_ONCE) {
    const results = await Promise.all(found.slice(at, at + AT_ONCE).map(({ map_index: index }) => withPrompt(index)));
    if (mine !== opened) return;
    for (const [index, result] of results) {
      counts[!result ? "without a result" : result.status === "failed" ? "failed" : "with a result"] += 1;
      credits += (result && result.credits_final) || 0;
      if (result && result.manifest_uri) showBatch(index);
      else if (result) show(result, (number) => `${base}/rivya/media/${dag}/${run}/${task}/${index}/${number}`);
    }
  }
  const words = Object.entries(counts).filter(([, count]) => count).map(([name, count]) => `${count} ${name}`);
  document.getElementById("about").textContent = `${which}: ${words.join(", ")}; ${credits} credits`;
}

async function withPrompt(index) {
  try {
    return [index, { ...(await leftBy(index)), prompt: await promptOf(index) }];
  } catch (problem) {
    if (problem.status === 404) return [index, null];
    throw problem;
  }
}

function showBatch(index) {
  const title = made("h2", {}, linkTo(index, `Batch of instance ${index}`));
  document.getElementById("cards").append(made("article", {}, made("div", { class: "told" }, title)));
}

async function main() {
  document.getElementById("title").textContent = `${asked.get("task_id") || "Gallery"}, ${asked.get("run_id") || ""}`;
  document.title = document.getElementById("title").textContent;
  if (mapIndex !== "-1" && mapIndex !== "all") {
    document.getElementById("instances").append(linkTo("all", "All instances of this task"));
  }
  try {
    await (mapIndex === "all" ? all(0) : one(Number(mapIndex)));
  } catch (problem) {
    complain(problem);
  }
}

main();
