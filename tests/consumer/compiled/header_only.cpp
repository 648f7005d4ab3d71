// The same, header-only.

#include <clarify/client.hpp>

#include "call.hpp"

std::string header_only_call() {
    return call_nobody<clarify::Client, clarify::Credentials, clarify::Secret>();
}
Sizes header_only_sizes() { return sizes_here(); }
