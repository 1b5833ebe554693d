"""What of a task's arguments is rendered as a template: what the DAG author wrote, never what a row holds."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from airflow_provider_rivya.exceptions import Fault
from airflow_provider_rivya.nested import MAX_DEPTH, texts_in
from airflow_provider_rivya.operators.identity import label

if TYPE_CHECKING:
    import jinja2.nodes

log = logging.getLogger(__name__)

FACTS_OF_A_RUN: Final = frozenset(
    {
        "data_interval_end",
        "data_interval_start",
        "ds",
        "ds_nodash",
        "logical_date",
        "params",
        "run_id",
        "ts",
        "ts_nodash",
        "ts_nodash_with_tz",
    }
)
"""
What a list that is written in the DAG file may ask for where a task is expanded over it.

Such a list may have been read from a table when the file was parsed: a task cannot tell. So it reaches no
connection, no variable and no other task.
"""
_PLAIN_FILTERS: Final = frozenset(
    {
        "ds",
        "ds_nodash",
        "ts",
        "ts_nodash",
        "ts_nodash_with_tz",
        "default",
        "lower",
        "replace",
        "trim",
        "upper",
    }
)
"""Those that lead nowhere else, for Jinja without a sandbox: in a DAG that renders native objects."""
_FILE_NAMES: Final = (".json", ".sql", ".txt")


class RendersItsAuthor:
    """
    Goes before an operator's base, and decides which of its arguments are rendered.

    * A plain argument, one of ``partial()`` and one out of ``default_args`` is rendered.
    * What ``expand()`` and ``expand_kwargs()`` take out of another task's result is not, at any depth.
      Airflow itself would render the rows of ``expand_kwargs()``.
    * A list that is written in the DAG file is rendered where it asks for :data:`FACTS_OF_A_RUN` alone, and
      else left as it is and told as a fault.

    :cvar template_files: the fields whose whole text may be the name of a template file.
    :ivar template_faults: of templates that are not rendered, to be told with all other faults.
    """

    template_files: ClassVar[Sequence[str]] = ()
    template_faults: Sequence[Fault] = ()
    _made_with: ClassVar[Mapping[str, Any]] = {}

    def __new__(cls, *_: Any, **given: Any) -> Self:
        made = super().__new__(cls)
        if given.get("_airflow_from_mapped"):
            # Arguments of partial() and of the row, before default_args fill the rest.
            object.__setattr__(made, "_made_with", given)
        return made

    def _do_render_template_fields(
        self,
        parent: Any,
        template_fields: Iterable[str],
        context: Any,
        jinja_env: jinja2.Environment,
        seen_oids: set[int],
    ) -> None:
        base: Any = super()
        names = tuple(template_fields)
        if parent is self:
            # Airflow's own way to leave a value alone is to have "seen" it.
            label(self, context)
            self.template_faults = [
                *self._spared(names, context, jinja_env, seen_oids),
                *self._broken_lines(names),
            ]
            for name in self.template_files:
                self._read_file(name, jinja_env, seen_oids)
        base._do_render_template_fields(parent, names, context, jinja_env, seen_oids)

    def _spared(
        self, names: Collection[str], context: Any, jinja_env: jinja2.Environment, spared: set[int]
    ) -> Iterator[Fault]:
        """Add what is not rendered to ``spared``, and return the faults of lists that are written down."""
        task: Any = self
        dag = task.get_dag()
        mapped: Any = dag.task_dict.get(task.task_id) if dag is not None and self._made_with else None
        if mapped is None or not mapped.is_mapped:
            return
        source = mapped._get_specified_expand_input().value
        holder, given, partial = vars(task), self._made_with, mapped.partial_kwargs
        if mapped._expand_input_attr == "op_kwargs_expand_input":  # of a decorated function
            task.op_kwargs = holder = dict(task.op_kwargs)
            given, partial, names = given["op_kwargs"], partial["op_kwargs"], tuple(holder)
        for name in names:
            if name not in given or (name in partial and partial[name] is given[name]):
                continue
            written_down = not (
                _comes_from_a_task(source, name, context["ti"].map_index) or _is_reference(holder[name])
            )
            if written_down:
                faults = list(unfit(holder[name], name, jinja_env))
                if not faults:
                    continue
                yield from faults
            holder[name] = _resolved(holder[name], context)
            spared.add(id(holder[name]))

    def _broken_lines(self, names: Collection[str]) -> Iterator[Fault]:
        """Return the faults of paths that end in a line break: Jinja takes it away without a word."""
        for name in ("output_path", "state_path"):
            value = getattr(self, name, None) if name in names else None
            if isinstance(value, str) and value.endswith(("\n", "\r")):
                yield Fault(name, "it ends in a line break", "the path alone")

    def _read_file(self, name: str, jinja_env: jinja2.Environment, spared: set[int]) -> None:
        from jinja2 import TemplateNotFound

        text = getattr(self, name)
        if not isinstance(text, str) or id(text) in spared or not text.endswith(_FILE_NAMES):
            return
        if any(character.isspace() for character in text) or jinja_env.loader is None:
            return
        try:
            setattr(self, name, jinja_env.loader.get_source(jinja_env, text)[0])
        except TemplateNotFound:
            log.warning("%s is taken as it is: the DAG's template folders have no file %r.", name, text)


def _comes_from_a_task(source: Any, name: str, index: int) -> bool:
    """
    Whether an expanded argument is out of another task's result.

    :param source: what ``expand()`` (a mapping) or ``expand_kwargs()`` was given.
    """
    if isinstance(source, Mapping):
        source = source[name]
    elif isinstance(source, Sequence):
        source = source[index]
    return _is_reference(source)


def _is_reference(value: Any) -> bool:
    """Whether it stands for another value: an ``XComArg``, a mapped group's argument, a literal."""
    return hasattr(value, "iter_references") and hasattr(value, "resolve")


def _resolved(value: Any, context: Any, depth: int = 0) -> Any:
    """Return a value in which references to other tasks are their results."""
    if _is_reference(value):
        return value.resolve(context)
    if depth >= MAX_DEPTH:
        return value
    if type(value) in (list, tuple):
        return type(value)(_resolved(entry, context, depth + 1) for entry in value)
    if type(value) is dict:
        return {key: _resolved(entry, context, depth + 1) for key, entry in value.items()}
    return value


def unfit(value: Any, path: str, jinja_env: jinja2.Environment) -> Iterator[Fault]:
    """Return the faults of templates in a list that is written in the DAG file."""
    from jinja2 import TemplateSyntaxError, meta
    from jinja2.sandbox import SandboxedEnvironment

    boxed = isinstance(jinja_env, SandboxedEnvironment)
    for where, text in texts_in(value, path):
        try:
            parsed = jinja_env.parse(text)
        except TemplateSyntaxError:
            wrong = "has template marks, but is not a valid template"
        else:
            plain = boxed or _is_plain(parsed)  # asked first: to look for variables folds constants
            asked = meta.find_undeclared_variables(parsed) - FACTS_OF_A_RUN
            marked = jinja_env.variable_start_string in text or jinja_env.block_start_string in text
            inner = marked and ("__" in text or "\\" in text or not plain)
            if not asked and not inner and not list(meta.find_referenced_templates(parsed)):
                continue
            wrong = f"asks for {', '.join(sorted(asked)) or 'more'}, which an expanded value may not"
        yield Fault(
            where,
            wrong,
            "the template in partial(), where the author's own are rendered; or literal(...) of airflow.sdk "
            "around a text that is to be sent as it is",
        )


def _is_plain(parsed: jinja2.nodes.Template) -> bool:
    """Whether a template only looks values up by names that stand in it, and calls and filters them."""
    from jinja2 import nodes

    for node in parsed.find_all(nodes.Node):
        match node:
            case nodes.Getattr():
                plain = not node.attr.startswith(("_", "format"))
            case nodes.Getitem():
                plain = isinstance(node.arg, nodes.Const)
            case nodes.Filter():
                plain = node.name in _PLAIN_FILTERS
            case _:
                plain = isinstance(
                    node,
                    nodes.Output | nodes.TemplateData | nodes.Name | nodes.Const | nodes.Call | nodes.Keyword,
                )
        if not plain:
            return False
    return True
