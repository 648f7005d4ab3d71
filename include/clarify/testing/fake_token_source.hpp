// SPDX-License-Identifier: BSL-1.0
// An authentication policy whose tokens a test hands out.

#ifndef CLARIFY_TESTING_FAKE_TOKEN_SOURCE_HPP
#define CLARIFY_TESTING_FAKE_TOKEN_SOURCE_HPP

#include <clarify/concepts/auth_policy.hpp>

#include <boost/asio/awaitable.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

namespace clarify::testing {

/** A handle to a source of bearer tokens that needs no server; models `AuthPolicy`.

    ```cpp
    FakeTokenSource tokens;                   // copies are handles to the same source
    tokens.delay(std::chrono::seconds{5});    // on the client's clock, see ManualClock
    RpcClient<ScriptedBackend, FakeTokenSource, BoostJsonCodec> client{
        context.get_executor(), endpoint, server, tokens, options};
    // ... calls, sent with "Bearer token-1" ...
    tokens.revoke();                          // the next call is sent with "Bearer token-2"
    ```

    It behaves as a careful policy does: one fetch serves all calls, cancelling a call disturbs no
    other, and a rejected token is dropped, and it alone.

    @par Thread safety
    Distinct objects: safe, unless copies. Copies share one source without a lock: the client uses
    it on its serial executor, so the test must not while the client's context runs in another
    thread. Give one source to one client.
*/
class FakeTokenSource {
public:
    /// Gives `token-1`, and after each loss the next number.
    FakeTokenSource();
    /// Gives `token` first, without a fetch.
    explicit FakeTokenSource(std::string token);

    /// Gives `token` from now on, without a fetch.
    void set(std::string token);
    /// Forgets the token, as if it had expired: the next call makes the source fetch another one.
    void revoke();
    /// Each fetch that begins from now on takes this long; at first it takes no time.
    void delay(Clock::duration time);
    /// Each fetch that ends from now on fails with `error`, as `Phase::token` and `Fate::unsent`
    /// whatever it says; the token at hand stays. There is no pause after a failure: the next call
    /// fetches again.
    void fail(Error error);
    /// Makes fetches succeed again.
    void recover();

    /// The token at hand, without the scheme, or an empty text.
    std::string token() const;
    /// How often a call has asked and had to wait.
    std::size_t authorized() const noexcept;
    /// How many fetches have been begun.
    std::size_t fetches() const noexcept;
    /// How often a server has rejected a token.
    std::size_t rejections() const noexcept;

    // What `AuthPolicy` asks for; called by the client.
    /// The header with the token at hand, if there is one.
    std::optional<AuthHeader> cached(AuthContext& context);
    /// The same, after a fetch if need be. Cancelling it leaves the fetch to the others; the
    /// deadline is the client's affair.
    boost::asio::awaitable<Result<AuthHeader>> authorize(AuthContext& context, TimePoint deadline);
    /// Drops the token if it is the one in `header`. Always true: a fetch gives another one.
    bool rejected(AuthContext& context, const AuthHeader& header);

private:
    struct State;
    static boost::asio::awaitable<Result<AuthHeader>> wait(
        std::shared_ptr<State> state, AuthContext& context);
    static boost::asio::awaitable<void> fetch(std::shared_ptr<State> state);

    std::shared_ptr<State> state_;
};

static_assert(AuthPolicy<FakeTokenSource>);

}  // namespace clarify::testing

#include <clarify/testing/detail/doubles/impl/fake_token_source.hpp>

#endif  // CLARIFY_TESTING_FAKE_TOKEN_SOURCE_HPP
