import type { Zone } from '../../shared/lake/paths.ts';
import type { StoreCall } from '../helpers/recording-store.ts';
import { bucketOf, type FunctionName, type Json, type JsonObject, resource } from './template.ts';

/** One right, such as `s3:GetObject silver/_staging/*`. */
export interface Right {
  action: string;
  zone: Zone;
  /** The key of an object. For s3:ListBucket: the listed prefix, or undefined for a check whether a key exists. */
  key: string | undefined;
}

export interface Statement {
  Sid: string;
  Effect: string;
  Action: string[];
  Resource: Json;
  Condition?: JsonObject;
}

export const statements = (name: FunctionName): Statement[] => {
  const { Policies } = resource(`${name}Role`).Properties as unknown as {
    Policies: { PolicyDocument: { Statement: (Statement | { Ref: 'AWS::NoValue' })[] } }[];
  };
  return Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement).filter(
    (statement): statement is Statement => !('Ref' in statement),
  );
};

/** Rights on S3 that a call of a store needs. Reading also asks whether the key exists: see `S3Store`. */
export const rightsFor = (zone: Zone, { method, key, versioned }: StoreCall): Right[] => {
  const right = (action: string, of: string | undefined = key): Right => ({ action, zone, key: of });
  const exists: Right = { action: 's3:ListBucket', zone, key: undefined };
  switch (method) {
    case 'head':
    case 'read':
    case 'localPath':
      return [right(versioned ? 's3:GetObjectVersion' : 's3:GetObject'), exists];
    case 'write':
    case 'writeIfAbsent':
      return [right('s3:PutObject')];
    case 'upload':
      return [right('s3:PutObject'), right('s3:AbortMultipartUpload')];
    case 'list':
      return [right('s3:ListBucket')];
    case 'listVersions':
      return [right('s3:ListBucketVersions')];
    case 'remove':
    case 'removeMany':
      return [right('s3:DeleteObject')];
    case 'removeVersions':
      return [right('s3:DeleteObjectVersion')];
  }
};

/** Whether a role's statements grant a right. As in IAM, a statement that denies overrides those that allow. */
export const allows = (granted: readonly Statement[], right: Right): boolean =>
  applies(granted, 'Allow', right) && !applies(granted, 'Deny', right);

const applies = (granted: readonly Statement[], effect: string, { action, zone, key }: Right): boolean =>
  granted.some(
    (statement) =>
      statement.Effect === effect &&
      statement.Action.some((pattern) => matches(pattern, action)) &&
      [statement.Resource].flat().some((of) => covers(of, action, zone, key)) &&
      holds(statement.Condition, action === 's3:ListBucket' ? key : undefined),
  );

const covers = (of: Json, action: string, zone: Zone, key: string | undefined): boolean => {
  const bucketWide = action === 's3:ListBucket' || action === 's3:ListBucketVersions';
  if (typeof of === 'string') return of === '*';
  const { 'Fn::Sub': sub, 'Fn::GetAtt': getAtt } = of as { 'Fn::Sub'?: string; 'Fn::GetAtt'?: string[] };
  if (getAtt !== undefined) return bucketWide && getAtt[0] === bucketOf(zone);
  const arn = `\${${bucketOf(zone)}.Arn}/`;
  return !bucketWide && sub?.startsWith(arn) === true && matches(sub.slice(arn.length), key ?? '');
};

/** Whether the two conditions that the roles use, on the prefix of a listing, are true. */
const holds = (condition: JsonObject | undefined, prefix: string | undefined): boolean =>
  Object.entries(condition ?? {}).every(([operator, operands]) => {
    const wanted = [(operands as JsonObject)['s3:prefix'] ?? []].flat().map(String);
    if (operator === 'Null') return (prefix === undefined) === (wanted[0] === 'true');
    if (operator === 'StringLikeIfExists')
      return prefix === undefined || wanted.some((pattern) => matches(pattern, prefix));
    throw new RangeError(`The roles have no ${operator} so far: teach the test what it means.`);
  });

/** Whether the text matches an IAM pattern; of its wildcards only `*` is used. */
const matches = (pattern: string, text: string): boolean => {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`, 's').test(text);
};
