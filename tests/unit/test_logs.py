# SPDX-License-Identifier: Apache-2.0
"""Log lines: JSON, and free of secrets."""

import json

import pytest
import structlog

from api import logs


def test_a_trace_names_the_error_and_no_local_variable(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    try:
        try:
            password = "not for the log"
            raise ValueError(len(password))
        except ValueError as error:
            structlog.get_logger().error("failed", exc_info=error)
    finally:
        structlog.reset_defaults()
    said = capsys.readouterr().out
    assert json.loads(said)["exception"][0]["exc_type"] == "ValueError"
    assert "not for the log" not in said


def test_a_trace_quotes_no_rows(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure()
    try:
        try:
            raise RuntimeError("violates a constraint\nDETAIL:  Failing row contains (123.7, 41.3)")
        except RuntimeError as error:
            structlog.get_logger().error("failed", exc_info=error)
    finally:
        structlog.reset_defaults()
    said = capsys.readouterr().out
    assert json.loads(said)["exception"][0]["exc_value"] == "violates a constraint"
    assert "41.3" not in said
