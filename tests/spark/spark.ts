import path from 'node:path';
import { ROOT } from '../helpers/engine.ts';
import { pythonWith } from '../helpers/python-venv.ts';
import { type Read, type Reader, startReader } from '../iceberg/pyiceberg.ts';

const PACKAGES = ['pyspark==4.1.4'];

export interface SparkAnswer {
  /** Data files that the scan reads. */
  files: number;
  read?: Read;
}

/** Spark comes from PyPI, and fetches Iceberg's runtime from Maven Central: both the first time only. Needs Java 17. */
export const startSpark = async (): Promise<Reader<SparkAnswer>> => {
  const python = await pythonWith('pyspark', PACKAGES);
  const ivy = path.join(ROOT, 'node_modules', '.cache', 'ivy');
  return startReader(python, 'tests/spark/reader.py', {
    ...process.env,
    SPARK_IVY: ivy,
    PYSPARK_PYTHON: python,
  });
};
