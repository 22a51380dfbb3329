/** Reports a broken law and its cause. */
export type Report = (law: string, what: string) => void;
