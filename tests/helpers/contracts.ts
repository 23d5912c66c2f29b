import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { scratch } from './scratch.ts';

/** A `contract.yaml` for `orders` around the body of its schema object; the body begins on line 8. */
export const contractYaml = (body: string): string =>
  `apiVersion: v3.1.0
kind: DataContract
id: orders
version: 1.2.0
status: active
schema:
  - name: orders
    ${body.trim()}
`;

/** A fresh `sql` folder with the given files. */
export const sqlDirWith = (files: Record<string, string>): string => {
  const folder = scratch();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return folder;
};
