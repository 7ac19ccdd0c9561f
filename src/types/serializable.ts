/** How values travel. `'json'`: what JSON can say, faithfully or not at all. */
export type SerializationMode = 'json';
