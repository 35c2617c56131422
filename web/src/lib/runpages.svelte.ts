import { ApiError, getIfNew } from './api';
import type { Known } from './request';
import { columnOf, pageRows, runPage, type RunSearch } from './runaddress';
import type { Page, Run } from './types';

type RunPage = Page<Run> & { total?: number; columns?: string[] };
interface Held {
  rows: Run[];
  known: Known;
}
const mostPages = 60;

/**
 * A search's runs, page by page as they come into view: any number of them, few in memory. Until the first page of a new search
 * is there the old rows stay; an answer to an older search is dropped.
 */
export class RunPages {
  total = $state<number | undefined>();
  error = $state<ApiError | undefined>();
  opened = $state(0); // searches whose first page came
  columns = $state.raw<readonly string[]>([]); // that the rows have
  #pages = $state.raw(new Map<number, Held>());
  #search!: RunSearch;
  #turn = 0;
  #begun = 0; // the last turn whose first page came
  #coming = new Set<number>();

  row(index: number): Run | undefined {
    return this.#pages.get(Math.floor(index / pageRows))?.rows[index % pageRows];
  }
  rows(first: number, last: number) {
    const found: Run[] = [];
    for (let i = first; i < last; ++i) {
      const run = this.row(i);
      if (run) found.push(run);
    }
    return found;
  }

  async open(search: RunSearch) {
    this.#search = search;
    ++this.#turn;
    this.#coming.clear();
    await this.#load(0);
  }
  /** Loads the pages of these rows that are not there yet. */
  async want(first: number, last: number) {
    const missing: Promise<boolean>[] = [];
    for (let page = Math.floor(first / pageRows); page * pageRows < Math.min(last, this.total ?? 0); ++page)
      if (!this.#pages.has(page) && !this.#coming.has(page)) missing.push(this.#load(page));
    await Promise.all(missing);
  }
  /** Asks again for these rows. True: something had changed. */
  async refresh(first: number, last: number) {
    const pages: number[] = [];
    for (
      let page = Math.floor(first / pageRows);
      page === 0 || page * pageRows < Math.min(last, this.total ?? 0);
      ++page
    )
      pages.push(page);
    const before = this.total;
    const fresh = await Promise.all(pages.map((page) => this.#load(page)));
    // New runs push the others down: what is not in view is fetched again when it is looked at.
    if (this.total !== before) this.#pages = new Map([...this.#pages].filter(([page]) => pages.includes(page)));
    return fresh.some(Boolean);
  }

  async #load(page: number) {
    const turn = this.#turn,
      alone = page === 0 && this.#begun !== turn; // rows of an older search do not stand beside it
    this.#coming.add(page);
    const known: Known = alone ? {} : { ...this.#pages.get(page)?.known };
    try {
      const answer = await getIfNew<RunPage>(runPage(this.#search, page), known);
      if (turn !== this.#turn) return false;
      this.error = undefined;
      if (!answer) return false;
      const pages = new Map(alone ? [] : this.#pages);
      pages.delete(page);
      pages.set(page, { rows: answer.items, known });
      if (pages.size > mostPages) pages.delete(pages.keys().next().value!);
      this.#pages = pages;
      this.total = answer.total;
      if (page === 0) this.columns = answer.columns ?? this.#search.column;
      if (this.columns.some(columnOf)) this.#search = { ...this.#search, column: this.columns }; // all pages have the same; where nothing is logged yet, it is asked again
      if (alone) {
        this.#begun = turn;
        ++this.opened;
      }
      return true;
    } catch (fault) {
      if (turn === this.#turn)
        this.error = fault instanceof ApiError ? fault : new ApiError(0, 'failed', String(fault));
      return false;
    } finally {
      if (turn === this.#turn) this.#coming.delete(page);
    }
  }
}
