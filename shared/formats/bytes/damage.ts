/** Bytes that are not in their format. The message completes "The … file is damaged: …" and holds no values. */
export class Damage extends Error {}
