/** Everything about partitions: transforms, their SQL, and the values they give. */
export { registerTransforms } from './bucket.ts';
export { transformSql } from './partition-sql.ts';
export { avroPartitionType, avroValue, textOfAvro } from './partition-value.ts';
export { allowedSources, canTransform, fieldName, parseTransform, resultType } from './transforms.ts';
