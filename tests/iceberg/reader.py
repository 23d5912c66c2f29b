"""Reads Iceberg tables with PyIceberg, which shares no code with duckstep.

One question per line of input, one answer per line of output, both JSON:
    {"metadata": URI of a metadata file, "properties": {...}, "snapshot": id, "filter": text,
     "parquet": file to write the rows to, "partitions": whether to check that rows are in the files of their partitions,
     "inspect": [names of metadata tables]}
Only "metadata" is required. Without "parquet" no rows are read. If a question fails, the answer is {"error": text}.
"""

import datetime
import json
import math
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.table import StaticTable


def described(table):
    metadata = table.metadata
    return {
        "uuid": str(metadata.table_uuid),
        "location": metadata.location,
        "schemas": {schema.schema_id: columns(schema) for schema in metadata.schemas},
        "schema": columns(table.schema()),
        "spec": [
            {"name": field.name, "transform": str(field.transform), "source": field.source_id}
            for field in table.spec().fields
        ],
        "snapshots": [
            {
                "id": snapshot.snapshot_id,
                "parent": snapshot.parent_snapshot_id,
                "operation": snapshot.summary.operation.value,
                "schema": snapshot.schema_id,
            }
            for snapshot in metadata.snapshots
        ],
    }


def columns(schema):
    return [
        {"id": field.field_id, "name": field.name, "type": str(field.field_type), "required": field.required}
        for field in schema.fields
    ]


def total(column):
    """The sum: text for whole numbers and decimals, so that it is exact; a float for floats; None if it is not finite."""
    if pa.types.is_integer(column.type):
        column = column.cast(pa.decimal128(38, 0))
    if pa.types.is_decimal(column.type):
        values = column.cast(pa.decimal256(76, column.type.scale))
        found = pc.sum(values).as_py()
        return "0" if found is None else format(found, "f")
    if pa.types.is_floating(column.type):
        found = pc.sum(column).as_py() or 0.0
        return found if math.isfinite(found) else None
    return None


def read(scan, path):
    rows = scan.to_arrow()
    pq.write_table(rows, path)
    return {
        "rows": rows.num_rows,
        "columns": {
            name: {"count": rows.num_rows - column.null_count, "sum": total(column)}
            for name, column in zip(rows.column_names, rows.columns)
        },
    }


def misplaced(tasks, table):
    """The number of rows in files of another partition than PyIceberg's own transforms compute."""
    count = 0
    for task in tasks:
        spec = table.specs()[task.file.spec_id]
        with table.io.new_input(task.file.file_path).open() as file:
            rows = pq.read_table(file)
        for place, field in enumerate(spec.fields):
            column = table.schema().find_field(field.source_id)
            transform = field.transform.transform(column.field_type)
            values = rows[column.name].cast(schema_to_pyarrow(column.field_type)).to_pylist()
            count += sum(transform(internal(value)) != task.file.partition[place] for value in values)
    return count


def internal(value):
    """The value as Iceberg stores it: days or microseconds since 1970, or microseconds of the day."""
    if isinstance(value, datetime.datetime):
        zone = datetime.timezone.utc if value.tzinfo else None
        return (value - datetime.datetime(1970, 1, 1, tzinfo=zone)) // datetime.timedelta(microseconds=1)
    if isinstance(value, datetime.date):
        return (value - datetime.date(1970, 1, 1)).days
    if isinstance(value, datetime.time):
        return ((value.hour * 60 + value.minute) * 60 + value.second) * 1_000_000 + value.microsecond
    return value


def field_ids(path, io):
    """The field id of each top-level column of a Parquet file."""
    with io.new_input(path).open() as file:
        schema = pq.read_schema(file)
    return {field.name: int((field.metadata or {}).get(b"PARQUET:field_id", -1)) for field in schema}


def answer(question):
    table = StaticTable.from_metadata(question["metadata"], question.get("properties", {}))
    snapshot = question.get("snapshot")
    scan = table.scan(snapshot_id=snapshot, **({"row_filter": question["filter"]} if "filter" in question else {}))
    tasks = list(scan.plan_files())
    found = {
        **described(table),
        "files": len(tasks),
        "deletes": sum(len(task.delete_files) for task in tasks),
        "fieldIds": [field_ids(task.file.file_path, table.io) for task in tasks[:1]],
        "inspected": {name: getattr(table.inspect, name)().num_rows for name in question.get("inspect", [])},
    }
    if question.get("partitions"):
        found["misplaced"] = misplaced(tasks, table)
    if "parquet" in question:
        found["read"] = read(scan, question["parquet"])
    return found


for line in sys.stdin:
    try:
        found = answer(json.loads(line))
    except Exception as error:  # The test decides whether a failure is expected.
        found = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(found), flush=True)
