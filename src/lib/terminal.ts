// The size of a client's terminal; a client without one gets no colours and no tables that fit.
export interface Terminal {
  readonly columns: number
  readonly rows: number
}
