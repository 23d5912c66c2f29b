/** Bytes that are no Avro. The message completes "The Avro file is damaged: …" and holds no values. */
export class Damage extends Error {}
