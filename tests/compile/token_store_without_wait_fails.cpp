// expect-error: store.wait
// SPDX-License-Identifier: BSL-1.0
// A store that others cannot wait for is named as what it is not.

#include <clarify/auth/file_token_store.hpp>
#include <clarify/auth/token_store.hpp>

namespace {

class WithoutWait : public clarify::FileTokenStore {
public:
    WithoutWait() = default;

private:
    using clarify::FileTokenStore::wait;
};

}  // namespace

clarify::AnyTokenStore store{WithoutWait{}};
