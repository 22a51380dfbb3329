/** The secret bytes that sign bearer tokens. They are kept apart from the database, which others may get a copy of. */
export const SIGNING_KEY = Symbol('SigningKey');
