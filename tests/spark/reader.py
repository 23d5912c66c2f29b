"""Reads Iceberg tables with Apache Spark and Iceberg's own runtime for it.

Questions and answers are those of tests/iceberg/reader.py, as far as Spark can answer them: rows, and how many data
files the scan reads.
"""

import glob
import json
import os
import shutil
import sys

from pyspark.sql import SparkSession
from pyspark.sql import functions as f
from pyspark.sql.types import ByteType, DecimalType, DoubleType, FloatType, IntegerType, LongType, MapType, ShortType

PACKAGE = "org.apache.iceberg:iceberg-spark-runtime-4.1_2.13:1.12.0"

spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.jars.packages", PACKAGE)
    .config("spark.jars.ivy", os.environ["SPARK_IVY"])
    .config("spark.ui.enabled", "false")
    .config("spark.driver.memory", "2g")
    .config("spark.sql.session.timeZone", "UTC")
    .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
    # With adaptive plans the scan does not report how much it read.
    .config("spark.sql.adaptive.enabled", "false")
    .getOrCreate()
)
spark.sparkContext.setLogLevel("ERROR")

WHOLE = (ByteType, ShortType, IntegerType, LongType)


def files(rows):
    """The number of data files that the scan reads, by its own count."""
    # Spark cannot hash maps.
    hashed = [f"`{field.name}`" for field in rows.schema.fields if not isinstance(field.dataType, MapType)]
    counted = rows.selectExpr(f"bit_xor(hash({', '.join(hashed)}))")
    counted.collect()
    scan = counted._jdf.queryExecution().executedPlan().collectLeaves().head()
    return scan.metrics().apply("resultDataFiles").value()


def total(field):
    column = f.col(f"`{field.name}`")
    if isinstance(field.dataType, WHOLE):
        return f.coalesce(f.sum(column.cast("decimal(38, 0)")).cast("string"), f.lit("0"))
    if isinstance(field.dataType, DecimalType):
        return f.coalesce(f.sum(column).cast("string"), f.lit("0"))
    if isinstance(field.dataType, (FloatType, DoubleType)):
        return f.coalesce(f.sum(column), f.lit(0.0))
    return f.lit(None)


def read(rows, path):
    folder = f"{path}.spark"
    rows.coalesce(1).write.parquet(folder)
    os.rename(glob.glob(f"{folder}/*.parquet")[0], path)
    shutil.rmtree(folder)
    fields = rows.schema.fields
    counts = [f.count(f.col(f"`{field.name}`")).alias(f"n{i}") for i, field in enumerate(fields)]
    sums = [total(field).alias(f"s{i}") for i, field in enumerate(fields)]
    [found] = rows.select(f.count(f.lit(1)).alias("rows"), *counts, *sums).collect()
    return {
        "rows": found["rows"],
        "columns": {
            field.name: {"count": found[f"n{i}"], "sum": found[f"s{i}"]} for i, field in enumerate(fields)
        },
    }


def answer(question):
    reader = spark.read.format("iceberg")
    if "snapshot" in question:
        reader = reader.option("versionAsOf", question["snapshot"])
    rows = reader.load(question["metadata"])
    if "filter" in question:
        rows = rows.filter(question["filter"])
    found = {"files": files(rows)}
    if "parquet" in question:
        found["read"] = read(rows, question["parquet"])
    return found


for line in sys.stdin:
    try:
        found = answer(json.loads(line))
    except Exception as error:  # The test decides whether a failure is expected.
        found = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(found), flush=True)

spark.stop()
