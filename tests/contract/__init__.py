"""Tests of the contracts in proto/ and of the stubs made from them."""
