/** Each known origin with its data. */
// biome-ignore lint/suspicious/noEmptyInterface: filled by the catalogue
export interface CatalogueMap {}
