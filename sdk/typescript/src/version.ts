/** Version of the package, equal to the server's. */
export const version = '0.1.0';
