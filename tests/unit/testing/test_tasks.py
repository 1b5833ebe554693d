"""DAG files are checked without being run: what is written down in them, and no more."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_rivya.cli.main import main
from airflow_provider_rivya.testing import assert_valid, check_folder

EXAMPLES = Path(__file__).parents[3] / "example_dags"
DAG = """
from airflow.sdk import DAG, Param, task
from airflow_provider_rivya.operators.rivya import RivyaBatchOperator, RivyaGenerateOperator as Generate
from airflow_provider_rivya.operators.toapis import ToApisGenerateOperator

with DAG("checked", schedule=None, params={"shape": Param("9:99"), "model": Param("nano-banana-2")}) as dag:
    TASK
"""
ONE = 'Generate(task_id="a", model="nano-banana-2", prompt="A"'
BATCH = 'RivyaBatchOperator(task_id="a", model="nano-banana-2", row_key="sku", output_path="/tmp/x/"'
SHAPE = "dict(aspect_ratio='{f}')"


def faults(folder: Path, task: str) -> list[str]:
    (folder / "dag.py").write_text(DAG.replace("TASK", task))
    checked = check_folder(str(folder))
    assert checked.tasks == 1
    return [str(fault).split(":")[0] for entry in checked.wrong for fault in entry.faults]


def test_the_examples_are_valid() -> None:
    checked = check_folder(str(EXAMPLES))
    assert [str(entry) for entry in checked.wrong] == []
    assert checked.tasks > 10


@pytest.mark.parametrize(
    ("task", "told"),
    [
        ('Generate(task_id="a", model="nano-banana-2", prompt="A")', []),
        ('Generate(task_id="a", model="nano-banan-2", prompt="A")', ["model"]),
        ('Generate(task_id="a", model="nano-banana-2")', ["prompt"]),
        ('Generate(task_id="a", model="nano-banana-2", prompt="{{ ds }}")', []),
        ('Generate(task_id="a", model="{{ ds }}", model_params={"no": 1})', []),
        (
            'Generate(task_id="a", model="{{ params.model }}", prompt="A", model_params={"no": 1})',
            ["model_params.no"],
        ),
        (
            'Generate(task_id="a", model="nano-banana-2", prompt="A", '
            'model_params={"aspect_ratio": "{{ params.shape }}"})',
            ["model_params.aspect_ratio"],
        ),
        (
            'Generate(task_id="a", model="nano-banana-2", prompt="A", '
            'model_params={"aspect_ratio": "{{ ds }}", "no": 1})',
            ["model_params.no"],
        ),
        (
            'Generate(task_id="a", model="nano-banana-2", prompt="A", output_path="relative/")',
            ["output_path"],
        ),
        ('Generate(task_id="a", model="nano-banana-2", prompt="A", output_path="/nowhere/{{ ds }}/")', []),
        ('Generate(task_id="a", model="nano-banana-2", prompt="prompt.txt")', []),
        ('Generate(task_id="a", model="no", prompt="A", validation="off")', []),
        (
            'ToApisGenerateOperator(task_id="a", model="gemini-3.1-flash-image-preview", prompt="A", '
            'model_params={"size": "9:99"})',
            ["model_params.size"],
        ),
        ('Generate.partial(task_id="a", model="no").expand(prompt=["A"])', ["model"]),
        ('Generate.partial(task_id="a", model="nano-banana-2").expand(prompt=["A"])', []),
        (
            'Generate.partial(task_id="a").expand_kwargs([dict(model="nano-banana-2", prompt="A"), '
            'dict(model="no", prompt="A")])',
            ["model"],
        ),
        ('Generate.partial(task_id="a", model="nano-banana-2").expand(prompt=["A", "", "B"])', ["prompt"]),
        (f"{BATCH}, rows=[dict(sku=1)], prompt='A {{sku}}')", []),
        (f"{BATCH}, rows=[dict(sku=1)], prompt='A {{name}}')", ["prompt"]),
        (
            f"{BATCH}, rows=[dict(sku=1, f='9:99')], prompt='A', model_params={SHAPE})",
            ["row '1', column 'f' ('9"],
        ),
        (f"{BATCH}, rows='t.csv', prompt='A {{name}}', model_params={SHAPE})", []),
        (f"{BATCH}, rows='t.csv', prompt='A', model_params=dict(no='{{f}}'))", []),
        (f"{BATCH}, rows='t.csv', prompt='A', model_params=dict(no=1))", ["model_params.no"]),
        (f"{BATCH}, rows=[dict(sku=1)], prompt='A {{{{{{{{ ds }}}}}}}}')", []),
        (
            'Generate(task_id="a", model="nano-banana-2", prompt="A", params={"aspect_ratio": "16:9"})',
            ["params"],
        ),
        ('Generate(task_id="a", model="nano-banana-2", prompt="A", max_credits=1)', ["max_credits"]),
        ('Generate(task_id="a", model="nano-banana-2", prompt="A", gallery=True)', ["gallery"]),
        # The function may name another model.
        ('task.rivya_generate(task_id="a", model="no")(lambda: "A")()', []),
    ],
)
def test_what_is_written_down_is_checked(tmp_path: Path, task: str, told: list[str]) -> None:
    assert faults(tmp_path, task) == told


def test_nothing_is_written_to_an_output_place(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    task = f'Generate(task_id="a", model="nano-banana-2", prompt="A", output_path="{folder}/")'
    assert faults(tmp_path, task) == []
    assert not folder.exists()


@pytest.mark.parametrize(
    ("task", "line"),
    [
        ('\n    Generate(\n        task_id="a", model="no", prompt="A")', 8),
        ('@task.rivya_generate(model="no", validation="x")\n    def a(): ...\n    a()', None),
        ('for n in "a": Generate(task_id=f"{n}", model="no", prompt="A")', None),
    ],
)
def test_the_file_and_the_line_of_a_fault_are_told(tmp_path: Path, task: str, line: int | None) -> None:
    faults_of = DAG.replace("TASK", task)
    (tmp_path / "dag.py").write_text(faults_of)
    (entry, *_) = check_folder(str(tmp_path)).wrong
    assert entry.file == str(tmp_path / "dag.py")
    assert str(entry).startswith(f"{entry.file}:{line}: checked.a:" if line else f"{entry.file}:")


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "dag.py").write_text("from airflow.sdk import DAG\nraise RuntimeError('broken')\n")
    checked = check_folder(str(tmp_path))
    assert str(checked.wrong[0]).startswith(f"{tmp_path}/dag.py:2:")
    assert "broken" in str(checked.wrong[0])
    with pytest.raises(AssertionError, match="broken"):
        assert_valid(str(tmp_path))


def test_a_folder_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path)
    (found,) = check_folder(str(tmp_path)).wrong
    assert str(found).startswith(f"{tmp_path}:\n  - the folder: cannot be read: Detected recursive loop")
    (empty,) = check_folder("").wrong
    assert "the folder: does not exist" in str(empty)


def test_an_argument_that_no_operator_has_is_told_at_its_line(tmp_path: Path) -> None:
    """Airflow's error has several lines, and many frames of its own."""
    faults_of = DAG.replace("TASK", 'Generate(task_id="a", model="z-image", promt="A")')
    (tmp_path / "dag.py").write_text(faults_of)
    (entry,) = check_folder(str(tmp_path)).wrong
    told = str(entry)
    assert told.startswith(f"{tmp_path}/dag.py:{faults_of[: faults_of.index('promt')].count(chr(10)) + 1}:")
    assert "TypeError: Invalid arguments were passed to" in told
    assert told.endswith("{'promt': 'A'}")


def test_a_folder_without_a_generate_task_is_no_success_of_a_test(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=f"nothing was checked: {tmp_path} has no DAG"):
        assert_valid(str(tmp_path))
    assert_valid(str(EXAMPLES / "rivya_quickstart.py"))


def test_the_command_tells_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    faults(tmp_path, 'Generate(task_id="a", model="no", prompt="A")')
    capsys.readouterr()
    assert main(["check", str(tmp_path)]) == 2
    told = capsys.readouterr()
    assert "checked.a:" in told.out
    assert "Traceback" not in told.err
    assert main(["check", str(EXAMPLES / "rivya_quickstart.py")]) == 0
    (tmp_path / "dag.py").write_text("from airflow.sdk import DAG\nraise RuntimeError('broken')\n")
    assert main(["check", str(tmp_path)]) == 2
    assert "0 task(s) checked, 0 with faults; 1 could not be read" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("dag", "told"),
    [("", "has no DAG"), (DAG.replace("TASK", "pass"), "has a generate or batch task")],
)
def test_a_command_that_has_checked_nothing_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], dag: str, told: str
) -> None:
    (tmp_path / "dag.py").write_text(dag)
    assert main(["check", str(tmp_path)]) == 2
    said = capsys.readouterr().out
    assert said.startswith("Nothing was checked: ")
    assert told in said
