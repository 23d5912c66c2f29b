/** Everything about partitions: transforms, their SQL, and the values they give. */
export { avroPartitionType, avroValue, textOfAvro } from './partition-value.ts';
export { allowedSources, canTransform, fieldName, parseTransform, resultType } from './transforms.ts';
