import makeFolders from '../setup/folders.ts';
import { pyIcebergPython } from './pyiceberg.ts';

/** Installs PyIceberg once, before test files run in parallel. */
export default async (): Promise<void> => {
  makeFolders();
  await pyIcebergPython();
};
