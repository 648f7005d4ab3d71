// expect-error: store.try_lock
// SPDX-License-Identifier: BSL-1.0
// A store whose lease ends with nobody, but by a call, is named as what it is not.

#include <clarify/auth/file_token_store.hpp>
#include <clarify/auth/token_store.hpp>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

namespace {

class WrongLock : public clarify::FileTokenStore {
public:
    WrongLock() = default;
    boost::asio::awaitable<clarify::Result<bool>> try_lock(
        const boost::asio::any_io_executor&, const clarify::TokenKey&) {
        co_return true;
    }
};

}  // namespace

clarify::AnyTokenStore store{WrongLock{}};
