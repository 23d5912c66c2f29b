select *, _row as record from accepted
