/** Temporary table of a gold model's rows. `buildModel` makes it, and `rebuildGold` writes it to data files. */
export const BUILT = '_built';
