import path from 'node:path';
import { ROOT } from '../helpers/engine.ts';
import { pythonWith } from '../helpers/python-venv.ts';
import { type Read, type Reader, startReader } from '../iceberg/pyiceberg.ts';

const PACKAGES = ['pyspark==4.1.4'];

export interface SparkAnswer {
  /** The number of data files that the scan reads. */
  files: number;
  read?: Read;
}

/** Starts Spark; needs Java 17. The first call fetches Spark from PyPI, and Iceberg's runtime from Maven Central. */
export const startSpark = async (): Promise<Reader<SparkAnswer>> => {
  const python = await pythonWith('pyspark', PACKAGES);
  const ivy = path.join(ROOT, 'node_modules', '.cache', 'ivy');
  return startReader(python, 'tests/spark/reader.py', {
    ...process.env,
    SPARK_IVY: ivy,
    PYSPARK_PYTHON: python,
  });
};
