"""
The work in pandas, as most people write it, with its own readers and types. With `--arrow` it uses Arrow's columns and
readers, the fastest option that pandas has for text.
"""

import sys
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from work import Work

DTYPES = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "string": pa.string(),
}


def arrow_type(column):
    if column["type"] == "decimal":
        precision, scale = column["silverType"][len("DECIMAL(") : -1].split(",")
        return pa.decimal128(int(precision), int(scale))
    return pa.int32() if column["silverType"] == "INTEGER" else DTYPES[column["type"]]


ARROW = "--arrow" in sys.argv


def read(work):
    if not ARROW:
        if work.format == "csv":
            return pd.read_csv(work.input, dtype=str)
        if work.format == "ndjson":
            return pd.read_json(work.input, lines=True, dtype=False)
        return pd.read_parquet(work.input)
    if work.format == "csv":
        text = pd.ArrowDtype(pa.string())
        return pd.read_csv(work.input, engine="pyarrow", dtype={c["source"]: text for c in work.columns})
    if work.format == "ndjson":
        return pd.read_json(work.input, lines=True, engine="pyarrow", dtype_backend="pyarrow")
    return pd.read_parquet(work.input, dtype_backend="pyarrow")


def is_text(series):
    if isinstance(series.dtype, pd.ArrowDtype):
        return pa.types.is_string(series.dtype.pyarrow_dtype) or pa.types.is_large_string(series.dtype.pyarrow_dtype)
    return pd.api.types.is_string_dtype(series.dtype)


def typed(column, raw):
    """The value in the column's type, missing if it does not fit."""
    kind = column["type"]
    if kind == "string":
        return raw
    return typed_arrow(column, raw) if ARROW else typed_plain(column, raw)


def typed_plain(column, raw):
    """Uses pandas' own types; money in floats, because pandas has no decimals."""
    kind = column["type"]
    if kind in ("date", "timestamp"):
        form = "%Y-%m-%d" if kind == "date" else "%Y-%m-%d %H:%M:%S"
        return pd.to_datetime(raw, format=form if is_text(raw) else None, errors="coerce")
    if kind == "boolean":
        return raw.map({"true": True, "false": False, True: True, False: False}).astype("boolean")
    numbers = pd.to_numeric(raw, errors="coerce")
    return numbers.astype("Int64") if kind == "integer" else numbers.astype("float64")


def typed_arrow(column, raw):
    kind, target = column["type"], pd.ArrowDtype(arrow_type(column))
    if not is_text(raw):
        if kind == "decimal" and pa.types.is_floating(raw.dtype.pyarrow_dtype):
            rounded = pc.round(pa.array(raw.array), target.pyarrow_dtype.scale)
            return pd.Series(pd.arrays.ArrowExtensionArray(rounded.cast(target.pyarrow_dtype)), index=raw.index)
        return raw.astype(target)
    if kind in ("date", "timestamp"):
        form = "%Y-%m-%d" if kind == "date" else "%Y-%m-%d %H:%M:%S"
        moments = pd.to_datetime(raw, format=form, errors="coerce")
        return moments.astype(pd.ArrowDtype(pa.timestamp("us"))).astype(target)
    if kind == "boolean":
        return raw.map({"true": True, "false": False}).astype(target)
    numbers = pd.to_numeric(raw, errors="coerce", dtype_backend="pyarrow")
    if kind == "decimal":
        return typed_arrow(column, numbers.astype(pd.ArrowDtype(pa.float64())))
    return numbers.astype(target)


def limit_value(column, text):
    kind = column["type"]
    if kind == "date" and ARROW:
        return pd.Timestamp(text).date()
    if kind in ("date", "timestamp"):
        return pd.Timestamp(text)
    if kind == "decimal" and ARROW:
        return Decimal(text)
    return int(text) if kind == "integer" else float(text)


def broken(column, value, limit):
    rule = limit["rule"]
    if rule == "maxLength":
        return value.str.len() > limit["length"]
    if rule in ("format", "pattern"):
        return ~value.str.contains(limit["pattern"], regex=True) & value.notna()
    if rule == "minimum":
        return value < limit_value(column, limit["value"])
    if rule == "maximum":
        return value > limit_value(column, limit["value"])
    return ~value.isin(limit["values"]) & value.notna()


def checks(column, raw, value):
    name = column["name"]
    if column["required"]:
        yield f"{name}.required", raw.isna()
    if column["type"] != "string":
        yield f"{name}.type", value.isna() & raw.notna()
    for limit in column["limits"]:
        yield f"{name}.{limit['rule']}", broken(column, value, limit)


def main():
    work = Work()
    work.done("start")
    raw = read(work)
    rows = len(raw)
    work.done("parse")

    values, rules = {}, []
    bad = pd.Series(False, index=raw.index)
    for column in work.columns:
        source = raw[column["source"]] if column["source"] in raw else pd.Series(pd.NA, index=raw.index)
        values[column["name"]] = typed(column, source)
        for rule, check in checks(column, source, values[column["name"]]):
            check = check.fillna(False).astype(bool)
            if check.any():
                rules.append((rule, check))
                bad |= check
    judged = pd.DataFrame(values, copy=False)
    refused = raw[bad]
    reasons = pd.Series("", index=refused.index)
    for rule, check in rules:
        reasons = reasons.where(~check[bad], reasons + f";{rule}")
    # Without rows to_json writes one empty line.
    records = refused.to_json(orient="records", lines=True, date_format="iso").splitlines()[: len(refused)]
    pd.DataFrame(
        {
            "key": refused[work.spec["rejectKey"]].astype(str),
            "reasons": reasons.str[1:],
            "raw": pd.Series(records, index=refused.index, dtype=str),
        }
    ).to_parquet(work.path("rejected.parquet"), compression="zstd", index=False)
    del raw
    work.done("reject")

    accepted = judged[~bad]
    del judged
    silver = accepted.drop_duplicates(subset=work.key, keep="last") if work.key else accepted
    work.done("dedupe")

    silver = silver.assign(**{p["name"]: getattr(silver[p["of"]].dt, p["part"]) for p in work.partitions})
    silver.to_parquet(
        work.path("silver"),
        compression="zstd",
        index=False,
        partition_cols=[p["name"] for p in work.partitions],
    )
    work.done("silver")

    grouped = silver.groupby(work.gold["groupBy"], sort=False)
    aggregates = {
        a["as"]: grouped.size() if a["of"] == "count" else getattr(grouped[a["column"]], a["of"])()
        for a in work.gold["aggregates"]
    }
    pd.DataFrame(aggregates).reset_index().to_parquet(work.path("gold.parquet"), compression="zstd", index=False)
    work.done("gold")
    work.finish(rows, len(refused), len(accepted) - len(silver), len(silver), ["pandas", "pyarrow"])


main()
