/** The secret bytes that sign bearer tokens. They are not in the database, because copies of it may be handed out. */
export const SIGNING_KEY = Symbol('SigningKey');
