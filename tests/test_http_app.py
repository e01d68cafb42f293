"""The service as a client meets it, on a really started server with the shipped model."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from spamfilter.http.schemas import BatchAnswer, ModelBody, ReadyBody, VerdictBody
from tests.http_live import live, shipped, shipped_service

TEXTS = [
    "엄마 나 오늘 좀 늦어 저녁 먼저 먹어",
    "ㅋㅏ지★노 첫충 3０% 보너스 ⓑⓑ00.example",
    "[Web발신] 고객님 택배가 주소 불일치로 반송됩니다 http://parcel.example/a1",
    "무.료.상.담 정부지원 대출 010-0000-1234",
    "(광고) 한빛마트 주말 특가 안내 무료수신거부 080-000-0000",
    "ㅇㅇ",
    "",
    " ",
    "★☆★☆!!!",
    "무\x00료",
    "잘린 그림문자 \ud83d",
    "👨\u200d👩\u200d👧 우리 가족",
    "긴 글 " * 5_000,
]


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with live(shipped_service()) as client:
        yield client


def post(client: httpx.Client, path: str, content: object) -> httpx.Response:
    # The standard library writes a lone surrogate as JavaScript does; httpx's own encoder would not.
    return client.post(path, content=json.dumps(content), headers={"Content-Type": "application/json"})


def sample(client: httpx.Client, name: str, **labels: str) -> float:
    families = text_string_to_metric_families(client.get("/metrics").text)
    return sum(s.value for f in families for s in f.samples if s.name == name and labels.items() <= s.labels.items())


def test_one_message_gets_the_library_s_verdict_field_by_field(client: httpx.Client) -> None:
    for text in TEXTS:
        answer = post(client, "/v1/score", {"text": text})
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/json"
        assert answer.json() == shipped().classify([text])[0].to_dict()


def test_a_batch_gets_the_library_s_verdicts_in_its_order(client: httpx.Client) -> None:
    answer = post(client, "/v1/score/batch", {"messages": [{"text": t} for t in TEXTS]})
    assert answer.json() == {"results": [v.to_dict() for v in shipped().classify(TEXTS)]}


def test_messages_scored_together_get_the_verdicts_that_they_get_alone(client: httpx.Client) -> None:
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda t: post(client, "/v1/score", {"text": t}).json(), TEXTS * 8))
    assert answers == [v.to_dict() for v in shipped().classify(TEXTS)] * 8


def test_spans_count_code_points_of_the_text_that_was_sent(client: httpx.Client) -> None:
    text = "👍🏻 무료 http://parcel.example/a1"
    entity = post(client, "/v1/score", {"text": text}).json()["entities"][0]
    assert text[entity["span"]["start"] : entity["span"]["end"]] == "http://parcel.example/a1"


def test_a_message_that_cannot_be_scored_leaves_its_batch_alone(client: httpx.Client) -> None:
    messages: list[Any] = [{"text": "안녕"}, {"text": 7}, {}, None, {"text": "가" * 65_537}, {"text": "잘 가"}]
    results = post(client, "/v1/score/batch", {"messages": messages}).json()["results"]
    assert [r["error"]["code"] if "error" in r else r["label"] for r in results] == [
        "ham",
        "invalid-field",
        "invalid-field",
        "invalid-field",
        "text-too-long",
        "ham",
    ]
    assert [r["error"]["field"] for r in results[1:5]] == [
        "messages.1.text",
        "messages.2.text",
        "messages.3",
        "messages.4.text",
    ]
    assert results[5] == shipped().classify(["잘 가"])[0].to_dict()


def test_a_batch_of_a_thousand_is_taken_and_one_more_is_not(client: httpx.Client) -> None:
    full = post(client, "/v1/score/batch", {"messages": [{"text": "안녕"}] * 1_000})
    assert len(full.json()["results"]) == 1_000
    over = post(client, "/v1/score/batch", {"messages": [{"text": "안녕"}] * 1_001})
    assert (over.status_code, over.json()["code"], over.json()["field"]) == (422, "too-many-messages", "messages")
    assert "1000 messages" in over.json()["detail"]


def test_the_documented_shapes_are_the_real_ones(client: httpx.Client) -> None:
    for text in TEXTS[:5]:
        VerdictBody.model_validate(post(client, "/v1/score", {"text": text}).json())
    BatchAnswer.model_validate(post(client, "/v1/score/batch", {"messages": [{"text": "안녕"}, 1]}).json())
    ModelBody.model_validate(client.get("/v1/model").json())
    ReadyBody.model_validate(client.get("/readyz").json())


def test_the_model_tells_what_the_library_tells(client: httpx.Client) -> None:
    assert client.get("/v1/model").json() == json.loads(json.dumps(shipped().info.to_dict()))


def test_health_and_readiness_of_a_loaded_service(client: httpx.Client) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json() == {
        "status": "ready",
        "ngrams": "ready",
        "kiwi": shipped().kiwi,
        "model": shipped().info.version,
    }


def test_metrics_count_requests_and_verdicts(client: httpx.Client) -> None:
    verdict = post(client, "/v1/score", {"text": TEXTS[1]}).json()
    labels = {name: verdict[name] for name in ("label", "category", "stage")}
    before = sample(client, "spamfilter_verdicts_total", **labels)
    route = {"method": "POST", "route": "/v1/score", "status": "200"}
    requests_before = sample(client, "spamfilter_http_requests_total", **route)
    post(client, "/v1/score", {"text": TEXTS[1]})
    post(client, "/v1/score/batch", {"messages": [{"text": TEXTS[1]}] * 3})
    assert sample(client, "spamfilter_verdicts_total", **labels) == before + 4
    assert sample(client, "spamfilter_http_requests_total", **route) == requests_before + 1
    assert sample(client, "spamfilter_http_request_seconds_count", route="/v1/score/batch") >= 1
    assert sample(client, "spamfilter_model_info", version=shipped().info.version) == 1
    assert sample(client, "spamfilter_kiwi_state", spamfilter_kiwi_state=shipped().kiwi) == 1
    assert sample(client, "spamfilter_message_problems_total") >= 0


def test_unknown_methods_and_paths_make_no_new_series(client: httpx.Client) -> None:
    for method in ("PROPFIND", "SEARCH", "MKCOL"):
        assert client.request(method, f"/tea/{method}").status_code == 404
    assert "PROPFIND" not in client.get("/metrics").text
    assert "/tea" not in client.get("/metrics").text
    assert sample(client, "spamfilter_http_requests_total", method="other", route="(other)") >= 3


def test_openapi_tells_every_error_as_a_problem_and_its_korean_examples_work(client: httpx.Client) -> None:
    schema = client.get("/openapi.json").json()
    score = schema["paths"]["/v1/score"]["post"]
    assert set(score["responses"]) == {"200", "400", "408", "413", "415", "422", "500", "503"}
    for operations in schema["paths"].values():
        for operation in operations.values():
            for status, response in operation["responses"].items():
                assert ("application/problem+json" in response["content"]) == (int(status) >= 400)
    for path in ("/v1/score", "/v1/score/batch"):
        examples = schema["paths"][path]["post"]["requestBody"]["content"]["application/json"]["examples"]
        assert any(re.search("[가-힣]", json.dumps(e, ensure_ascii=False)) for e in examples.values())
        for example in examples.values():
            assert post(client, path, example["value"]).status_code == 200


def test_the_documentation_page_loads_nothing_from_elsewhere(client: httpx.Client) -> None:
    page = client.get("/docs").text
    sources = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert len(sources) >= 2
    for source in sources:
        assert source.startswith("/")
        assert client.get(source).status_code == 200
