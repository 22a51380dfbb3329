/** Says that a law was broken, and by what. */
export type Report = (law: string, what: string) => void;
