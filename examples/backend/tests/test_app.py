"""What a deploy checks from outside, checked before it is shipped."""

import json

import pytest
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings


@pytest.fixture
def client() -> TestClient:
    return TestClient(create_app(Settings.read({"ENVIRONMENT": "staging", "K_REVISION": "backend-00007"})))


def test_health_names_the_environment(client: TestClient) -> None:
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok", "environment": "staging"}


def test_index_says_who_answers(client: TestClient) -> None:
    assert client.get("/").json() == {"service": "backend", "revision": "backend-00007", "environment": "staging"}


def test_docs_are_served(client: TestClient) -> None:
    assert client.get("/docs").status_code == 200


def test_a_berth_and_a_missing_one(client: TestClient) -> None:
    assert client.get("/api/berths/1").json() == {"number": 1, "ship": "Halcyon"}
    assert client.get("/api/berths/9").status_code == 404


def test_start_is_logged_as_one_json_line(client: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    with client:
        line = json.loads(capsys.readouterr().out)
    assert line["severity"] == "INFO"
    assert line["environment"] == "staging"
    assert line["port"] == 8080


def test_the_port_is_cloud_runs() -> None:
    assert Settings.read({"PORT": "3000"}).port == 3000
