"""The tests: tests/<service>/ of one service, contract/, manifests/, system/ of the whole, house/ of the code."""
