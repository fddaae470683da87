"""The real gateway over real gRPC servers, whose servicers answer as a test tells them."""
