export type Place = {anchor: string; heading: string; start: string};
export type Found = {url: string; title: string; section: string; description: string; score: number; places: Place[]};
type Page = {url: string; title: string; section: string; description: string; kind: string; keywords: string; headings: string; text: string};
type Section = {page: number; anchor: string; heading: string; body: string; start: string};
export type Index = {pages: unknown[]; sections: unknown[]; index: unknown};
export function build(pages: Page[], sections: Section[]): string;
export function load(text: string): Index;
export function search(index: Index, question: string, most?: number): Found[];
