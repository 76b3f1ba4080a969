"""The bench that measures the matching of names: its figures by hand, its tracks, its folds, and a run on a sample."""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

TOY_POSITIVE = [0.9, 0.8, 0.6, 0.3]
TOY_NEGATIVE = [0.7, 0.6, 0.2, 0.1, 0.0]


@pytest.fixture(scope="module")
def benches(root: Path) -> Path:
    return root / "tests" / "benches"


@pytest.fixture
def load(benches: Path, monkeypatch: pytest.MonkeyPatch):
    """Imports a module of tests/benches as the runner does: beside its neighbours."""
    monkeypatch.syspath_prepend(str(benches))
    return importlib.import_module


@pytest.fixture
def metrics(load) -> ModuleType:
    return load("names_metrics")


@pytest.fixture
def rows(load) -> ModuleType:
    return load("names_rows")


@pytest.fixture
def sample(root: Path) -> Path:
    return root / "tests" / "reviewer" / "people_sample.tsv"


@pytest.fixture
def run_bench(load, benches: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs the main of a bench; returns its exit code, its output and its errors."""

    def run(name: str, *arguments: str) -> tuple[int, str, str]:
        spec = importlib.util.spec_from_file_location(f"bench_{name}", benches / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        return module.main(list(arguments)), *capsys.readouterr()

    return run


def test_auc_of_toy_scores_counts_ties_half(metrics: ModuleType) -> None:
    # 0.9 and 0.8 beat all five; 0.6 beats three and ties one; 0.3 beats three: 5 + 5 + 3.5 + 3 of 20.
    assert metrics.auc(metrics.Scored(TOY_POSITIVE, TOY_NEGATIVE)) == 0.825


def test_recall_at_fpr_of_toy_scores_is_what_lies_above_the_allowed_negatives(metrics: ModuleType) -> None:
    scored = metrics.Scored(TOY_POSITIVE, TOY_NEGATIVE)
    # 1 % of five negatives allows none: only 0.9 and 0.8 are above 0.7.
    assert metrics.recall_at_fpr(scored) == 0.5
    # 20 % allows one: a threshold above 0.6 leaves 0.7 alone, and the positive 0.6, a tie, out.
    assert metrics.recall_at_fpr(scored, 0.2) == 0.5
    # 40 % allows two: all above 0.2.
    assert metrics.recall_at_fpr(scored, 0.4) == 1.0


def test_recall_at_fpr_of_one_score_for_everything_is_nothing(metrics: ModuleType) -> None:
    assert metrics.recall_at_fpr(metrics.Scored([1.0] * 5, [1.0] * 200)) == 0.0
    assert metrics.auc(metrics.Scored([1.0] * 5, [1.0] * 200)) == 0.5


def test_figures_at_a_threshold_count_a_score_on_it_as_the_same(metrics: ModuleType) -> None:
    found = metrics.figures(metrics.Scored(TOY_POSITIVE, TOY_NEGATIVE), 0.6)
    # Three of four found, two of five wrongly: P 3/5, R 3/4, F1 2 * 3 / (3 + 2 + 4).
    assert (found["P"], found["R"], found["F1"], found["FPR"]) == (0.6, 0.75, 0.6667, 0.4)
    assert (found["n_pos"], found["n_neg"]) == (4, 5)


def test_figures_of_brothers_alone_say_how_many_are_below(metrics: ModuleType) -> None:
    assert metrics.figures(metrics.Scored([], [0.1, 0.5, 0.7, 0.9]), 0.7) == {"n_pos": 0, "n_neg": 4, "told_apart": 0.5}


def test_best_threshold_of_toy_scores_has_the_best_f1(metrics: ModuleType) -> None:
    where, best = metrics.best_threshold(metrics.Scored(TOY_POSITIVE, TOY_NEGATIVE))
    # All four at the price of two: 2 * 4 / (4 + 2 + 4).
    assert best == 0.8
    assert 0.2 < where < 0.3


@pytest.mark.parametrize(
    "name",
    [
        "Серік Оспанұлы Тоқаев",
        "TOKAYEVA Aigul Ospanovna",
        "Tokajewa Aigul Ospanowna",
        "Оспан ұлы Серік",
        "Омар кызы Айгуль",
    ],
)
def test_patronymic_by_its_ending_is_seen(rows: ModuleType, name: str) -> None:
    assert rows.has_patronymic(name)


@pytest.mark.parametrize("name", ["Серік Тоқаев", "Tokayeva Aigul", "Улы Тау", "Кызылбаев Марат", "Aschimow Jerschan"])
def test_name_without_a_patronymic_has_none(rows: ModuleType, name: str) -> None:
    assert not rows.has_patronymic(name)


@pytest.mark.parametrize("name", ["Jerschan Aschimow", "Nourlan Dosjanov", "Qaırat Jünisov", "Serik Toqaev", "Äsel"])
def test_latin_of_another_press_is_not_english(rows: ModuleType, name: str) -> None:
    assert rows.is_foreign_latin(name)


@pytest.mark.parametrize("name", ["TOKAYEV Serik", "Zhanna Omarova", "Ma'mur Yusupov", "Серік Тоқаев", "Айгүл Әшімова"])
def test_english_latin_and_cyrillic_are_not_foreign_latin(rows: ModuleType, name: str) -> None:
    assert not rows.is_foreign_latin(name)


def test_tracks_of_the_sample_hold_the_rows_they_name(rows: ModuleType, sample: Path) -> None:
    tracks = rows.tracks_of(rows.read_rows(sample))
    sizes = {name: len(members) for name, members in tracks.items() if "/" not in name}
    assert sizes == {
        "full_with_brothers": 32,
        "full_real_only": 26,
        "full_against_brothers": 24,
        "brothers_told_apart": 6,
        "patronymic_one_side": 13,
        "non_english_latin": 7,
        "kk_vs_ru_cyrillic": 4,
        "tokens": 16,
    }
    assert sum(len(members) for name, members in tracks.items() if name.startswith("full/")) == 32


def test_folds_of_the_sample_share_no_person(load, rows: ModuleType, sample: Path) -> None:
    every = rows.read_rows(sample)
    folds = load("names_folds").split(every)
    assert sorted(id(row) for _, test in folds for row in test) == sorted(map(id, every))
    for training, test in folds:
        tested = {person for row in test for person in row.persons}
        assert tested.isdisjoint(person for row in training for person in row.persons)
        assert training
        assert test


def test_brother_is_the_person_when_folds_are_cut(rows: ModuleType) -> None:
    row = rows.Row("recomb", False, "a", "b", "cyr-cyr", "S01", "S01*Ерлан")
    assert row.persons == ("S01", "S01")


def test_gallery_holds_one_spelling_each_and_asks_for_the_others(load, rows: ModuleType, sample: Path) -> None:
    filler = [f"Имя{letter} Фамилия{letter}" for letter in "АБВГДЕЖЗИК"] + ["Серик Тоқаев лишний"]
    gallery, queries = load("names_retrieval").build(rows.read_rows(sample), filler, 25)
    assert len(gallery.names) == len(gallery.entities) == 25
    assert gallery.entities.count("S01") == 1
    assert sum("*" in entity for entity in gallery.entities) == 6
    assert "Серик Тоқаев лишний" not in gallery.names
    asked = {query.name for query in queries if query.entity == "S01"}
    assert asked == {"Токаев Серик Оспанович", "TOKAYEV Serik"}


def test_retrieval_of_a_search_that_is_right_second_says_so(load) -> None:
    retrieval = load("names_retrieval")
    gallery = retrieval.Gallery(["x", "y", "z"], ["", "P1", "P2"])
    queries = [retrieval.Query("q", "P1"), retrieval.Query("r", "P2")]
    asked = retrieval.ask(queries, lambda query: [0, 1] if query == "q" else [2])
    found = retrieval.figures(gallery, asked)
    assert (found["R@1"], found["R@10"], found["queries"]) == (0.5, 1.0, 2)
    assert [line.split("\t")[1:] for line in retrieval.missed(gallery, asked)] == [["2", "q", "y", "x"]]


def test_peers_search_as_they_score(load) -> None:
    peers, search = load("names_peers"), load("names_peer_search")
    names = ["Айгүл Досжанова", "Тимур Хасанов", "Ержан Маратұлы Әшімов", "Марат Ибраев", "Нурлан"]
    over = search.WordSearch(names, search.compare_jaro)
    for query in ("Ашимов Ержан", "Timur Ibrayev", "Doszhanova Aigul Nurlanovna"):
        scores = [peers.monge_elkan(query, name) for name in names]
        assert [scores[place] for place in over(query)] == sorted(scores, reverse=True)


def test_invented_names_of_a_seed_are_always_the_same_and_all_different(load) -> None:
    invented = load("names_invented").invented_names
    first = list(itertools.islice(invented(), 200))
    assert first == list(itertools.islice(invented(), 200))
    assert len(set(first)) == 200
    assert first != list(itertools.islice(invented(8), 200))


def test_bench_without_its_file_says_so_and_returns_2(run_bench) -> None:
    code, _, errors = run_bench("names", "no-such-file.tsv")
    assert (code, errors) == (2, "error: no-such-file.tsv cannot be used: No such file or directory.\n")


def test_bench_with_a_file_that_lacks_columns_returns_2(run_bench, tmp_path: Path) -> None:
    (tmp_path / "bad.tsv").write_text("name_a\tname_b\nx\ty\n", "utf-8")
    code, _, errors = run_bench("names", str(tmp_path / "bad.tsv"))
    assert (code, len(errors.splitlines())) == (2, 1)


def test_bench_on_the_sample_prints_its_tracks_and_its_errors(run_bench, sample: Path, tmp_path: Path) -> None:
    errors = tmp_path / "errors.txt"
    code, output, _ = run_bench("names", str(sample), "--quick", "--errors", str(errors))
    found = json.loads(output.splitlines()[-1])
    full = found["tracks"]["full_with_brothers"]
    assert (code, found["rows"], full["n_pos"], full["n_neg"]) == (0, 48, 18, 14)
    assert full["F1"] > 0.7
    wrong = [line.split("\t") for line in errors.read_text("utf-8").splitlines() if line]
    missed = sum(line[:2] == ["full", "missed"] for line in wrong)
    assert full["R"] == round(1 - missed / 18, 4)


def test_world_bench_reads_cases_of_persons_alone(run_bench, tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text(
        "case_group,schema,name1,name2,is_match,quality,category,notes\n"
        "own,Person,Айгуль Досжанова,Aigul Doszhanova,true,STRONG,,\n"
        "own,Person,Айгуль Досжанова,Timur Khasanov,false,,,\n"
        "own,Company,Таң ЖШС,Tan LLP,true,,,\n",
        "utf-8",
    )
    code, output, _ = run_bench("names_world", str(cases), "--revision", "abc")
    found = json.loads(output.splitlines()[-1])
    ours = found["ours"]
    assert (code, found["revision"], ours["n_pos"], ours["n_neg"], ours["F1"]) == (0, "abc", 1, 1, 1.0)


def test_world_bench_without_its_file_returns_2(run_bench) -> None:
    code, _, errors = run_bench("names_world", "no-such-file.csv")
    assert (code, len(errors.splitlines())) == (2, 1)
