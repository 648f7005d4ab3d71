// SPDX-License-Identifier: BSL-1.0
// Which TLS session goes to which connection, and for how long.

#include <clarify/http/detail/tls/tls_session_cache.hpp>

#include <boost/asio/ssl/context.hpp>

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <support/pki.hpp>
#include <support/tls_pair.hpp>
#include <support/world.hpp>

#include <chrono>
#include <string>
#include <vector>

namespace tls_session_cache_test {

namespace pki = support::pki;
using namespace std::chrono_literals;
using clarify::TimePoint;
using clarify::Url;
using clarify::detail::OpensslOwned;
using clarify::detail::TlsSessionCache;

namespace {

std::string id_of(const SSL_SESSION* session) {
    unsigned size = 0;
    const unsigned char* const id = SSL_SESSION_get_id(session, &size);
    return {reinterpret_cast<const char*>(id), size};
}

struct Fixture {
    OpensslOwned<SSL_SESSION> make(int version = TLS1_3_VERSION) {
        return support::TlsPair{context, version}.session();
    }
    /// Stores a session that was verified at `verified`.
    SSL_SESSION* store(
        TlsSessionCache& cache, const Url& url, TimePoint verified, int version = TLS1_3_VERSION) {
        auto session = make(version);
        SSL_SESSION* const raw = session.get();
        REQUIRE(SSL_SESSION_is_resumable(raw) == 1);
        cache.store(url, std::move(session), verified, verified);
        return raw;
    }

    pki::TlsContext context = pki::server(pki::Identity::self_signed(pki::leaf()));
    Url origin = *Url::parse("https://a.example/");
    TimePoint now = TimePoint{} + 100h;
};

}  // namespace

TEST_CASE("TlsSessionCache: a session goes to the scheme, host and port it came from") {
    Fixture f;
    TlsSessionCache cache{8, 1h};
    SSL_SESSION* const stored = f.store(cache, f.origin, f.now);
    for (const char* other :
         {"https://b.example/",
          "https://www.a.example/",
          "https://a.example:444/",
          "http://a.example:443/",
          "https://a.example.b/"}) {
        INFO(other);
        CHECK_FALSE(cache.take(*Url::parse(other), f.now).handle);
    }
    const auto taken = cache.take(*Url::parse("https://A.example:443/another/path"), f.now);
    CHECK(taken.handle.get() == stored);
    CHECK(taken.verified == f.now);
}

TEST_CASE("TlsSessionCache: a session of TLS 1.3 is used once, one of TLS 1.2 again and again") {
    Fixture f;
    TlsSessionCache cache{8, 1h};
    f.store(cache, f.origin, f.now);
    CHECK(cache.take(f.origin, f.now).handle);
    CHECK_FALSE(cache.take(f.origin, f.now).handle);

    f.store(cache, f.origin, f.now, TLS1_2_VERSION);
    const std::string newer = id_of(f.store(cache, f.origin, f.now, TLS1_2_VERSION));
    CHECK(cache.size() == 1);
    CHECK(id_of(cache.take(f.origin, f.now).handle.get()) == newer);
    CHECK(id_of(cache.take(f.origin, f.now).handle.get()) == newer);
}

TEST_CASE("TlsSessionCache: the number is bounded, and the newest is taken first") {
    Fixture f;
    TlsSessionCache cache{3, 1h};
    f.store(cache, f.origin, f.now);
    SSL_SESSION* const second = f.store(cache, f.origin, f.now);
    SSL_SESSION* const third = f.store(cache, f.origin, f.now);
    SSL_SESSION* const other = f.store(cache, *Url::parse("https://b.example/"), f.now);
    CHECK(cache.size() == 3);
    CHECK(cache.take(f.origin, f.now).handle.get() == third);
    CHECK(cache.take(f.origin, f.now).handle.get() == second);
    CHECK_FALSE(cache.take(f.origin, f.now).handle);
    CHECK(cache.take(*Url::parse("https://b.example/"), f.now).handle.get() == other);

    TlsSessionCache none{0, 1h};
    none.store(f.origin, f.make(), f.now, f.now);
    CHECK(none.size() == 0);
    TlsSessionCache brief{8, 0s};
    brief.store(f.origin, f.make(), f.now, f.now);
    CHECK(brief.size() == 0);
}

TEST_CASE("TlsSessionCache: a session lives as long as the option, the server and the peer say") {
    Fixture f;
    TlsSessionCache cache{8, 1h};
    f.store(cache, f.origin, f.now);
    CHECK_FALSE(cache.take(f.origin, f.now + 1h).handle);
    f.store(cache, f.origin, f.now);
    CHECK(cache.take(f.origin, f.now + 1h - 1s).handle);

    // One that came of a resumed session does not begin a new life.
    cache.store(f.origin, f.make(), f.now, f.now + 50min);
    CHECK_FALSE(cache.take(f.origin, f.now + 1h).handle);
    cache.store(f.origin, f.make(), f.now, f.now + 2h);
    CHECK(cache.size() == 0);

    auto short_lived = f.make();
    SSL_SESSION_set_timeout(short_lived.get(), 60);
    cache.store(f.origin, std::move(short_lived), f.now, f.now);
    CHECK_FALSE(cache.take(f.origin, f.now + 60s).handle);

    f.context = pki::server(pki::Identity::self_signed(pki::leaf().in(pki::expired)));
    f.store(cache, f.origin, f.now);
    CHECK_FALSE(cache.take(f.origin, f.now).handle);
}

TEST_CASE("TlsSessionCache: what cannot be resumed is not kept, and an origin can be forgotten") {
    Fixture f;
    TlsSessionCache cache{8, 1h};
    cache.store(f.origin, nullptr, f.now, f.now);
    cache.store(f.origin, OpensslOwned<SSL_SESSION>{SSL_SESSION_new()}, f.now, f.now);
    CHECK(cache.size() == 0);
    f.store(cache, f.origin, f.now);
    f.store(cache, f.origin, f.now);
    f.store(cache, *Url::parse("https://b.example/"), f.now);
    cache.forget(f.origin);
    CHECK(cache.size() == 1);
    CHECK_FALSE(cache.take(f.origin, f.now).handle);
}

TEST_CASE("TLS sessions: one that a resumed connection was given lives no longer than the first") {
    std::vector<bool> resumed;
    support::WorldOptions options;
    options.client.http.idle_timeout = 1s;
    options.client.http.tls.session_lifetime = 1h;
    options.client.http.observer = [&resumed](const clarify::Event& event) {
        if (event.kind == clarify::EventKind::connection_opened) resumed.push_back(event.resumed);
    };
    support::World world{options};
    for (int i = 0; i != 3; ++i) {
        CHECK(world.call()->outcome->has_value());
        world.clock->advance(40min);
        world.settle();
    }
    CHECK(resumed == std::vector<bool>{false, true, false});
}

}  // namespace tls_session_cache_test
