import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const made: string[] = [];

/** A new folder, which is removed when the test file ends. */
export const scratch = (): string => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'duckstep-test-'));
  made.push(folder);
  return folder;
};

afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});
