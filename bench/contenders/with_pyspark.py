"""The work in Spark on this machine only: all its cores, and most of its memory."""

import os

from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T
from work import Work

TYPES = {
    "integer": "bigint",
    "number": "double",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "timestamp_ntz",
    "string": "string",
}


def sql_type(column):
    if column["type"] == "decimal":
        return column["silverType"]
    return "int" if column["silverType"] == "INTEGER" else TYPES[column["type"]]


def session(cores):
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    settings = {
        "spark.master": f"local[{cores}]",
        "spark.driver.memory": f"{int(total * 0.6 / 2**20)}m",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": str(4 * cores),
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.ansi.enabled": "false",
        "spark.sql.parquet.compression.codec": "zstd",
        "spark.hadoop.parquet.compression.codec.zstd.level": "1",
        "spark.ui.enabled": "false",
        "spark.local.dir": os.environ.get("TMPDIR", "/tmp"),
        "spark.log.level": "ERROR",
    }
    builder = SparkSession.builder.appName("bench")
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def read(spark, work):
    text = T.StructType([T.StructField(c["source"], T.StringType()) for c in work.columns])
    if work.format == "csv":
        return spark.read.schema(text).option("header", True).option("escape", '"').csv(work.input)
    if work.format == "ndjson":
        return spark.read.schema(text).json(work.input)
    return spark.read.parquet(work.input)


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def limit_value(column, text):
    return F.expr(f"cast({quoted(text)} as {sql_type(column)})")


def broken(column, limit):
    value, rule = F.col(column["name"]), limit["rule"]
    if rule == "maxLength":
        return F.length(value) > limit["length"]
    if rule in ("format", "pattern"):
        return ~value.rlike(limit["pattern"])
    if rule == "minimum":
        return value < limit_value(column, limit["value"])
    if rule == "maximum":
        return value > limit_value(column, limit["value"])
    return ~value.isin(limit["values"])


def checks(column):
    name, raw = column["name"], F.col(f"raw {column['name']}")
    if column["required"]:
        yield f"{name}.required", raw.isNull()
    if column["type"] != "string":
        yield f"{name}.type", F.col(name).isNull() & raw.isNotNull()
    for limit in column["limits"]:
        yield f"{name}.{limit['rule']}", broken(column, limit)


def main():
    work = Work()
    spark = session(work.job["cores"])
    work.done("start")

    raws = [F.col(c["source"]).alias(f"raw {c['name']}") for c in work.columns]
    # Without ANSI mode a failed cast gives null. The ids rise in the order of the file.
    typed = [F.col(f"raw {c['name']}").cast(sql_type(c)).alias(c["name"]) for c in work.columns]
    rules = [check for column in work.columns for check in checks(column)]
    bad = F.lit(False)
    for _, check in rules:
        bad = bad | F.coalesce(check, F.lit(False))
    reasons = F.concat_ws(";", *[F.when(check, F.lit(rule)) for rule, check in rules])
    record = F.to_json(F.struct(*[F.col(f"raw {c['name']}").alias(c["source"]) for c in work.columns]))
    key = next(f"raw {c['name']}" for c in work.columns if c["source"] == work.spec["rejectKey"])
    judged = (
        read(spark, work)
        .select(*raws, F.monotonically_increasing_id().alias("row"))
        .select("*", *typed)
        .withColumn("bad", bad)
        .select(
            *[c["name"] for c in work.columns],
            "row",
            F.when(F.col("bad"), F.col(key).cast("string")).alias("key"),
            F.when(F.col("bad"), reasons).alias("reasons"),
            F.when(F.col("bad"), record).alias("raw"),
        )
        .persist()
    )
    read_rows = judged.count()
    work.done("parse")

    refused = judged.where("reasons is not null").select("key", "reasons", "raw")
    refused.write.parquet(work.path("rejected.parquet"))
    rejected = refused.count()
    work.done("reject")

    accepted = judged.where("reasons is null").drop("key", "reasons", "raw")
    if work.key:
        latest = Window.partitionBy(*work.key).orderBy(F.col("row").desc())
        accepted = accepted.withColumn("nth", F.row_number().over(latest)).where("nth = 1").drop("nth")
    silver = accepted.drop("row")
    for p in work.partitions:
        silver = silver.withColumn(p["name"], getattr(F, p["part"])(p["of"]).cast("bigint"))
    names = [p["name"] for p in work.partitions]
    silver.write.partitionBy(*names).parquet(work.path("silver"))
    work.done("dedupe, silver")

    silver = spark.read.parquet(work.path("silver"))
    rows = silver.count()
    aggregate = {"sum": F.sum, "min": F.min, "max": F.max}
    silver.groupBy(*work.gold["groupBy"]).agg(
        *[
            (F.count("*") if a["of"] == "count" else aggregate[a["of"]](a["column"])).alias(a["as"])
            for a in work.gold["aggregates"]
        ]
    ).write.parquet(work.path("gold.parquet"))
    work.done("gold")
    work.finish(read_rows, rejected, read_rows - rejected - rows, rows, ["pyspark"])
    spark.stop()


main()
