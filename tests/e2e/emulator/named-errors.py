"""Starts MiniStack with the one thing that its Lambda runtime for Node lacks: the names of errors.

Lambda reports a failed invocation with `errorType`, the error's `name`, and Step Functions matches Retry and Catch on
it. MiniStack's worker for Node passes on the message only and calls every error `Runtime.HandlerError`. Here the
worker says the name as well, and the caller uses it.
"""

import threading

from ministack import app
from ministack.core import lambda_runtime
from ministack.services import lambda_svc

MESSAGE_ONLY = "error: String(err.message || err), trace:"
WITH_NAME = "error: String(err.message || err), errorType: err.name, trace:"

if lambda_runtime._NODEJS_WORKER_SCRIPT.count(MESSAGE_ONLY) != 1:
    raise SystemExit("This version of MiniStack reports errors in another way: look at tests/e2e/emulator/named-errors.py.")
lambda_runtime._NODEJS_WORKER_SCRIPT = lambda_runtime._NODEJS_WORKER_SCRIPT.replace(MESSAGE_ONLY, WITH_NAME)

invoke = lambda_runtime.Worker.invoke
execute = lambda_svc._execute_function_warm
last = threading.local()


def invoke_and_remember(self, *args, **kwargs):
    result = invoke(self, *args, **kwargs)
    last.error_type = result.get("errorType")
    return result


def execute_with_error_name(func, event, request_id):
    last.error_type = None
    result = execute(func, event, request_id)
    if result.get("error") and last.error_type:
        result["body"]["errorType"] = last.error_type
    return result


lambda_runtime.Worker.invoke = invoke_and_remember
lambda_svc._execute_function_warm = execute_with_error_name

app.main()
