"""The work in Polars: lazy expressions over all rows, collected once."""

from datetime import date, datetime
from decimal import Decimal

import polars as pl
from work import Work

DTYPES = {
    "integer": pl.Int64,
    "number": pl.Float64,
    "boolean": pl.Boolean,
    "date": pl.Date,
    "timestamp": pl.Datetime("us"),
    "string": pl.String,
}


def dtype(column):
    if column["type"] == "decimal":
        precision, scale = column["silverType"][len("DECIMAL(") : -1].split(",")
        return pl.Decimal(int(precision), int(scale))
    return pl.Int32 if column["silverType"] == "INTEGER" else DTYPES[column["type"]]


def scan(work):
    if work.format == "csv":
        return pl.scan_csv(work.input, infer_schema=False)
    if work.format == "ndjson":
        types = {"integer": pl.Int64, "number": pl.Float64, "decimal": pl.Float64, "boolean": pl.Boolean}
        return pl.scan_ndjson(
            work.input, schema={c["source"]: types.get(c["type"], pl.String) for c in work.columns}
        )
    return pl.scan_parquet(work.input)


def typed(column, raw, found):
    """The value in the column's type, null if it does not fit."""
    value = pl.col(raw)
    kind = column["type"]
    if found == pl.String:
        if kind == "date":
            return value.str.to_date("%Y-%m-%d", strict=False)
        if kind == "timestamp":
            return value.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
        if kind == "boolean":
            return value.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)
    return value.cast(dtype(column), strict=False)


def limit_value(column, text):
    kind = column["type"]
    if kind == "date":
        return pl.lit(date.fromisoformat(text))
    if kind == "timestamp":
        return pl.lit(datetime.fromisoformat(text))
    if kind == "decimal":
        return pl.lit(Decimal(text), dtype=dtype(column))
    return pl.lit(float(text) if kind == "number" else int(text), dtype=dtype(column))


def broken(column, limit):
    value, rule = pl.col(column["name"]), limit["rule"]
    if rule == "maxLength":
        return value.str.len_chars() > limit["length"]
    if rule in ("format", "pattern"):
        return ~value.str.contains(limit["pattern"])
    if rule == "minimum":
        return value < limit_value(column, limit["value"])
    if rule == "maximum":
        return value > limit_value(column, limit["value"])
    return ~value.is_in(limit["values"])


def checks(column):
    name, raw = column["name"], pl.col(f"raw {column['name']}")
    if column["required"]:
        yield f"{name}.required", raw.is_null()
    if column["type"] != "string":
        yield f"{name}.type", pl.col(name).is_null() & raw.is_not_null()
    for limit in column["limits"]:
        yield f"{name}.{limit['rule']}", broken(column, limit)


def main():
    work = Work()
    work.done("start")
    source = scan(work)
    schema = source.collect_schema()
    raw = source.select(pl.col(c["source"]).alias(f"raw {c['name']}") for c in work.columns)
    rules = [check for column in work.columns for check in checks(column)]
    judged = (
        raw.with_columns(
            typed(c, f"raw {c['name']}", schema[c["source"]]).alias(c["name"]) for c in work.columns
        )
        .with_columns(pl.any_horizontal(check.fill_null(False) for _, check in rules).alias("bad"))
        .collect()
    )
    work.done("parse")

    key = next(f"raw {c['name']}" for c in work.columns if c["source"] == work.spec["rejectKey"])
    refused = judged.filter("bad")
    refused.select(
        pl.col(key).cast(pl.String).alias("key"),
        pl.concat_str(
            (pl.when(check).then(pl.lit(rule)) for rule, check in rules), separator=";", ignore_nulls=True
        ).alias("reasons"),
        pl.struct(pl.col("^raw .*$")).struct.json_encode().alias("raw"),
    ).write_parquet(work.path("rejected.parquet"), compression="zstd", compression_level=1)
    work.done("reject")

    accepted = judged.filter(~pl.col("bad")).select(c["name"] for c in work.columns)
    read = judged.height
    del judged
    silver = accepted.unique(subset=work.key, keep="last") if work.key else accepted
    work.done("dedupe")

    silver = silver.with_columns(
        getattr(pl.col(p["of"]).dt, p["part"])().cast(pl.Int64).alias(p["name"]) for p in work.partitions
    )
    silver.write_parquet(
        work.path("silver"),
        compression="zstd",
        compression_level=1,
        partition_by=[p["name"] for p in work.partitions],
        mkdir=True,
    )
    work.done("silver")

    of = {"sum": pl.Expr.sum, "min": pl.Expr.min, "max": pl.Expr.max}
    silver.group_by(work.gold["groupBy"]).agg(
        (pl.len() if a["of"] == "count" else of[a["of"]](pl.col(a["column"]).cast(wide(a, silver)))).alias(a["as"])
        for a in work.gold["aggregates"]
    ).write_parquet(work.path("gold.parquet"), compression="zstd", compression_level=1)
    work.done("gold")
    work.finish(read, refused.height, accepted.height - silver.height, silver.height, ["polars"])


def wide(aggregate, silver):
    """The type for a sum: 32-bit sums would overflow."""
    found = silver.schema[aggregate["column"]]
    return pl.Int64 if found == pl.Int32 else found


main()
