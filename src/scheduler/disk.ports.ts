/** The place where the service stores things. */
export interface Disk {
  /** Why nothing more can be stored, as a sentence, or null. */
  trouble(): Promise<string | null>;
}
export const DISK = Symbol('Disk');
