"""Starts MiniStack with six things that it lacks and that the pipeline, or its deployment, builds on.

Each is a wrapper around a function of MiniStack's, at the version that ministack.ts pins.
"""

import json
import os
import shutil
import signal
import threading
import time

from ministack import app
from ministack.core import iam_actions, lambda_runtime
from ministack.services import athena, eventbridge, lambda_svc, s3
from ministack.services.cloudformation import provisioners

here = threading.local()


# Names of errors. Lambda reports a failed invocation with `errorType`, the error's `name`, and Step Functions matches
# Retry and Catch on it. The worker for Node passes on the message only, and every error is a Runtime.HandlerError.

MESSAGE_ONLY = "error: String(err.message || err), trace:"
WITH_NAME = "error: String(err.message || err), errorType: err.name, trace:"
if lambda_runtime._NODEJS_WORKER_SCRIPT.count(MESSAGE_ONLY) != 1:
    raise SystemExit("This MiniStack reports errors in another way: look at tests/e2e/emulator/adapted.py.")
lambda_runtime._NODEJS_WORKER_SCRIPT = lambda_runtime._NODEJS_WORKER_SCRIPT.replace(MESSAGE_ONLY, WITH_NAME)

invoke = lambda_runtime.Worker.invoke
execute = lambda_svc._execute_function_warm


def invoke_and_remember_name(self, *args, **kwargs):
    result = invoke(self, *args, **kwargs)
    here.error_type = result.get("errorType")
    return result


def execute_with_error_name(func, event, request_id):
    here.error_type = None
    result = execute(func, event, request_id)
    if result.get("error") and here.error_type:
        result["body"]["errorType"] = here.error_type
    return result


lambda_runtime.Worker.invoke = invoke_and_remember_name
lambda_svc._execute_function_warm = execute_with_error_name


# Versions in events. S3's events of a versioned bucket name the version; a run is identified by it.

fire = s3._fire_s3_event
dispatch = eventbridge._dispatch_event


def fire_and_remember_version(*args, version_id=None, **kwargs):
    here.version_id = version_id
    return fire(*args, version_id=version_id, **kwargs)


def dispatch_with_version(event):
    version_id = getattr(here, "version_id", None)
    if event["Source"] == "aws.s3" and version_id:
        detail = json.loads(event["Detail"])
        detail["object"]["version-id"] = version_id
        event = {**event, "Detail": json.dumps(detail)}
    return dispatch(event)


s3._fire_s3_event = fire_and_remember_version
eventbridge._dispatch_event = dispatch_with_version


# Ranges of versions. A GET that names a version gets the whole object, whatever range it asks for.

get_object = s3._get_object


def get_range_of_version(bucket, key, headers, query=None):
    status, answer, body = get_object(bucket, key, headers, query)
    wanted = headers.get("range")
    if status != 200 or not wanted:
        return status, answer, body
    found = s3._parse_range(wanted, len(body))
    if found is None:
        return status, answer, body
    part = body[found[0] : found[1] + 1]
    whole = {name: value for name, value in answer.items() if not name.lower().startswith("x-amz-checksum")}
    ranged = {"Content-Length": str(len(part)), "Content-Range": f"bytes {found[0]}-{found[1]}/{len(body)}"}
    return 206, {**whole, **ranged}, part


s3._get_object = get_range_of_version


# Alarms over several metrics, or over a query, which it refuses. They are laid down over their first metric, or over one
# that nobody publishes: nothing is tested of them here but that they deploy; the tests of the compiled template look at
# the real ones.

alarm_record = provisioners._cw_metric_alarm_record


def alarm_record_over_first_metric(name, props):
    stats = [metric["MetricStat"] for metric in props.get("Metrics") or [] if "MetricStat" in metric]
    if stats:
        period, statistic = stats[0]["Period"], stats[0]["Stat"]
        props = {**props, "Metrics": None, **stats[0]["Metric"], "Period": period, "Statistic": statistic}
    elif props.get("Metrics"):
        query = props["Metrics"][0]
        props = {**props, "Metrics": None, "Namespace": "query", "MetricName": query["Id"], "Period": query["Period"]}
    return alarm_record(name, props)


provisioners._cw_metric_alarm_record = alarm_record_over_first_metric


# Athena's saved queries, which its CloudFormation does not know; its API does.


def answer(call, data):
    status, _, body = call(data)
    if status >= 400:
        raise ValueError(f"AWS::Athena::NamedQuery: {body!r}")
    return json.loads(body or b"{}")


def create_named_query(logical_id, props, stack_name):
    created = answer(athena._create_named_query, {"Name": logical_id, **props})
    return created["NamedQueryId"], created


def delete_named_query(physical_id, props):
    answer(athena._delete_named_query, {"NamedQueryId": physical_id})


provisioners._RESOURCE_HANDLERS.setdefault(
    "AWS::Athena::NamedQuery", {"create": create_named_query, "delete": delete_named_query}
)


# Rights on a saved query are rights on its workgroup, which a request does not name, and rights to read a state machine's
# tags are rights on the state machine. The emulator holds both against any resource.

resource_arn = iam_actions.extract_resource_arn


def resource_arn_of_request(service, method, path, headers, body, query_params, region, account_id):
    arn = resource_arn(service, method, path, headers, body, query_params, region, account_id)
    if arn != "*":
        return arn
    if service == "states":
        return iam_actions._safe_json_field(body, "resourceArn") or arn
    if service != "athena":
        return arn
    query = athena._named_queries.get(iam_actions._safe_json_field(body, "NamedQueryId"))
    return athena._arn_workgroup(query["WorkGroup"]) if query else arn


iam_actions.extract_resource_arn = resource_arn_of_request


# Tests that are killed cannot clean up: who started this being gone, it ends with its functions and its folder.

def end_with(parent):
    while os.getppid() == parent:
        time.sleep(1)
    shutil.rmtree(os.getcwd(), ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


threading.Thread(target=end_with, args=(os.getppid(),), daemon=True).start()

app.main()
