// SPDX-License-Identifier: BSL-1.0
// A year of a client's life, on a clock that is moved by hand: files that are replaced each week,
// outages of all kinds, a date that is set back and forth. And a thousand clients of one second.

#include <clarify/auth/client_credentials.hpp>
#include <clarify/auth/credentials_auth.hpp>
#include <clarify/credentials.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/observe/metrics.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>
#include <clarify/testing/scripted_backend.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <support/memory_net.hpp>
#include <support/memory_server.hpp>
#include <support/pki.hpp>
#include <support/temporary_directory.hpp>
#include <support/text_codec.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <clarify/http/impl/beast_backend.hpp>

namespace year_test {

using namespace clarify;
using namespace clarify::testing;
using namespace std::chrono_literals;
namespace pki = support::pki;
using support::MemoryServer;

namespace {

/// What has gone wrong outside, for some hours.
enum class Outage { none, refused, hanging, silent, unavailable, no_token };

struct Spell {
    int begin;
    int end;
    Outage kind;
};

/// A client of credentials, authorities and revocation lists in files, and its server. There is a call
/// each hour, sooner or later, and some at once each day.
class Year {
public:
    using Backend = BasicBeastBackend<support::MemoryNet>;
    using Client = RpcClient<Backend, CredentialsAuth, BoostJsonCodec>;

    static constexpr int day = 24;
    static constexpr int week = 7 * day;
    static constexpr int year = 365 * day;

    Year() {
        write_trust({authority_});
        write_credentials();
        files_written_ = 0;
        net_.name("api.example", {endpoint_.address()});
        server_->keep_requests(false);
        options_.clock = clock_;
        options_.observer = metrics_;
        options_.retry.seed = 1;
        options_.http.idle_timeout = 2h;
        options_.http.connection_lifetime = 6h;
        options_.http.tls.ca_file = (folder_ / "ca.pem").string();
        options_.http.tls.crl_file = (folder_ / "crl.pem").string();
        const auto credentials = Credentials::from_file(folder_ / "credentials.json").value();
        client_.emplace(
            context_.get_executor(),
            credentials.rpc_url(),
            Backend{options_.http},
            credentials.auth(),
            options_);
        plan_outages();
    }
    ~Year() {
        client_.reset();
        settle();
    }

    /// What happens in an hour, and the calls in it.
    void live(int hour) {
        rotate(hour);
        set_date(hour);
        const auto spell = std::find_if(spells_.begin(), spells_.end(), [hour](const Spell& each) {
            return each.begin <= hour && hour < each.end;
        });
        begin_outage(spell == spells_.end() ? Outage::none : spell->kind);
        if (outage_ != Outage::none) ++hours_of_outage;
        // So that tokens and connections are met in every part of their lives.
        pass_to(begin_ + hour * 1h + hour * 37 % 60 * 1min);
        const int calls = hour % day == 0 ? 3 : 1;
        for (int i = 0; i != calls; ++i) {
            CallOptions call;
            call.idempotent = (hour + i) % 2 == 0;
            ++begun;
            client_->async_call(
                "m", no_params, call, [this, hour](const Result<boost::json::value>& outcome) {
                    ++ended;
                    if (outcome) return;
                    ++(outage_ == Outage::none ? lost_for_nothing : lost);
                    if (outage_ == Outage::none) {
                        CAPTURE(hour);
                        MESSAGE(outcome.error().to_string());
                    }
                });
        }
        pass_to(begin_ + (hour + 1) * 1h);
        net_.forget_closed();
    }

    MetricsSnapshot metrics() const { return metrics_.snapshot(); }
    std::size_t open_connections() const { return net_.open(); }
    std::uint64_t files_written() const { return files_written_; }

    int begun = 0, ended = 0;
    int lost = 0, lost_for_nothing = 0;
    int hours_of_outage = 0;
    /// What the token endpoint gave, and how often it did not.
    std::uint64_t tokens = 0, refused_tokens = 0;

private:
    static pki::TlsContext first_server(const pki::Identity& authority) {
        return pki::server(authority.issue(pki::leaf().names({"DNS:api.example"})));
    }

    void plan_outages() {
        constexpr std::array kinds{
            Outage::refused,
            Outage::hanging,
            Outage::silent,
            Outage::unavailable,
            Outage::no_token};
        // One in three weeks or so, from two hours to two days, at any hour of the week.
        for (int i = 0; i != 17; ++i) {
            const int begin = 100 + i * 507;
            spells_.push_back(
                {begin, begin + 2 + i * 19 % 47, kinds[static_cast<unsigned>(i) % 5]});
        }
    }
    void begin_outage(Outage kind) {
        outage_ = kind;
        net_.heal_connect(endpoint_);
        if (kind == Outage::refused)
            net_.fail_connect(endpoint_, boost::asio::error::connection_refused);
        if (kind == Outage::hanging) net_.fail_connect(endpoint_);
    }

    void replace(const std::string& name, const std::string& text) {
        folder_.write("next", text);
        std::filesystem::rename(folder_ / "next", folder_ / name);
        ++files_written_;
    }
    void write_trust(const std::vector<pki::Identity>& authorities) {
        std::string certificates;
        std::string lists;
        for (const pki::Identity& each : authorities) {
            certificates += each.certificate_pem();
            lists += each.crl_pem({});
        }
        replace("ca.pem", certificates);
        replace("crl.pem", lists);
    }
    void write_credentials() {
        replace(
            "credentials.json",
            R"({"apiUrl":"https://api.example/v1/","integration":"i","credentials":{)"
            R"("type":"client-credentials","clientId":"id-)" +
                std::to_string(secret_ / 13) + R"(","clientSecret":")" + secret(secret_) + "\"}}");
    }
    static std::string secret(int number) { return "secret-" + std::to_string(number) + "-of-52"; }

    /// Each week: a successor of the authority and of the secret is told to the client; a day later the
    /// server has it; another day later what was before is good no longer. With each quarter the
    /// client gets another id.
    void rotate(int hour) {
        if (hour < week) return;
        if (hour % week == 0) {
            successor_ = pki::Identity::self_signed(
                pki::authority("authority " + std::to_string(hour / week)));
            write_trust({authority_, successor_});
            ++secret_;
            write_credentials();
        } else if (hour % week == day) {
            const auto leaf = successor_.issue(pki::leaf().names({"DNS:api.example"}));
            SSL_CTX_use_certificate(tls_->native_handle(), leaf.certificate());
            SSL_CTX_use_PrivateKey(tls_->native_handle(), leaf.key());
        } else if (hour % week == 2 * day) {
            authority_ = successor_;
            write_trust({authority_});
            oldest_secret_ = secret_;
        }
    }
    /// To 1970, to 2100, and back to what it is.
    void set_date(int hour) {
        using std::chrono::sys_days;
        if (hour % (5 * day) != 0) return;
        switch (hour / (5 * day) % 3) {
            case 0:
                return clock_->set_wall_time(sys_days{} + 60s);
            case 1:
                return clock_->set_wall_time(sys_days{std::chrono::year{2100} / 1 / 1});
            default:
                return clock_->set_wall_time(sys_days{std::chrono::year{2024} / 2 / 29});
        }
    }

    std::string answer(const MemoryServer::RawRequest& request) {
        const std::string oops = "\r\nContent-Length: 4\r\n\r\noops";
        if (outage_ == Outage::refused) return {};
        if (outage_ == Outage::silent) return "HTTP/1.1 200 OK\r\nContent-Le";
        if (request.head.starts_with("POST /v1/oauth/token")) {
            const auto shows = [&](int number) {
                return request.body.find(secret(number)) != std::string::npos;
            };
            const bool known = shows(secret_) || shows(oldest_secret_);
            if (outage_ == Outage::no_token || !known) {
                ++refused_tokens;
                return (known ? "HTTP/1.1 503 Service Unavailable" : "HTTP/1.1 401 Unauthorized") +
                    oops;
            }
            return support::http_reply(
                R"({"access_token":"token-)" + std::to_string(++tokens) +
                R"(","token_type":"Bearer","expires_in":86400})");
        }
        if (outage_ == Outage::unavailable)
            return "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 20" + oops;
        return support::http_reply(support::rpc_response(request.id(), "1"));
    }

    bool settle() {
        bool any = false;
        for (bool more = true; more; any = any || more) {
            context_.restart();
            server_context_.restart();
            more = context_.poll() + server_context_.poll() != 0;
        }
        return any;
    }
    void pass_to(TimePoint when) {
        for (;;) {
            settle();
            const auto next = clock_->next_alarm();
            if (!next || *next > when) break;
            clock_->advance_to(*next);
        }
        clock_->advance_to(when);
    }

    const support::TemporaryDirectory folder_;
    const std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>();
    const TimePoint begin_ = clock_->now();
    Metrics metrics_;
    ClientOptions options_;
    pki::Identity authority_ = pki::Identity::self_signed();
    pki::Identity successor_ = authority_;
    pki::TlsContext tls_ = first_server(authority_);
    int secret_ = 0, oldest_secret_ = 0;
    Outage outage_ = Outage::none;
    std::vector<Spell> spells_;
    std::uint64_t files_written_ = 0;
    boost::asio::io_context server_context_{1};
    boost::asio::io_context context_{1};
    support::MemoryNetwork& net_ = support::MemoryNetwork::of(context_);
    const support::MemoryEndpoint endpoint_{boost::asio::ip::make_address("192.0.2.1"), 443};
    std::optional<MemoryServer> server_{
        std::in_place,
        server_context_,
        net_,
        endpoint_,
        [this](const MemoryServer::RawRequest& request) { return answer(request); },
        tls_.get()};
    std::optional<Client> client_;
};

}  // namespace

TEST_CASE("year: calls are lost in outages only, and tokens asked for as seldom as may be") {
    Year it;
    for (int hour = 0; hour != Year::year; ++hour)
        it.live(hour);
    const MetricsSnapshot seen = it.metrics();
    MESSAGE(
        it.begun << " calls, " << it.lost << " lost in " << it.hours_of_outage
                 << " hours of outages; " << it.tokens << " tokens, " << it.refused_tokens
                 << " refused; " << seen.connections_opened << " connections, "
                 << seen.connections_resumed << " resumed; " << seen.files_changed
                 << " files changed");
    CHECK(it.begun > Year::year);
    CHECK(it.ended == it.begun);
    CHECK(it.lost_for_nothing == 0);
    CHECK(it.lost > 100);
    CHECK(it.lost <= it.hours_of_outage * 2);

    // A token lives for a day and is renewed after 22.8 h at the earliest; there are four more, for
    // other client ids. It goes on to its end where it cannot be renewed.
    CHECK(it.tokens <= 365 * 240 / 228 + 1 + 4);
    CHECK(it.tokens >= (Year::year - static_cast<unsigned>(it.hours_of_outage)) / (Year::day + 2));
    CHECK(it.refused_tokens > 0);
    CHECK(it.refused_tokens <= 3 * static_cast<unsigned>(it.hours_of_outage));
    CHECK(seen.tokens_fetched + seen.tokens_renewed == it.tokens);

    CHECK(seen.files_changed == it.files_written());
    CHECK(seen.files_failed == 0);
    CHECK(seen.connections_opened >= 365 * 4 - static_cast<unsigned>(it.hours_of_outage));
    CHECK(seen.connections_opened - seen.connections_closed == it.open_connections());
    CHECK(it.open_connections() <= 3);
}

TEST_CASE("year: of a thousand clients of one second at most fifty renew in one") {
    using OneClient = RpcClient<ScriptedBackend, ClientCredentials, support::TextCodec>;
    boost::asio::io_context context;
    const auto clock = std::make_shared<ManualClock>();
    ScriptedBackend server;
    server.on("/token").always(issue_tokens(1h).after(50ms));
    server.on("/rpc").always(reply_result("1"));
    std::list<OneClient> clients;
    int failed = 0;
    const auto call = [&failed](OneClient& client) {
        client.async_call("m", no_params, [&failed](const Result<std::string>& outcome) {
            if (!outcome) ++failed;
        });
    };
    for (std::uint32_t i = 0; i != 1'000; ++i) {
        ClientOptions options;
        options.clock = clock;
        options.retry.seed = i * 2'654'435'761U;
        ClientCredentialsConfig config{
            Url::parse("https://api.example/token").value(), "id", Secret{"secret"}};
        call(clients.emplace_back(
            context.get_executor(),
            Url::parse("https://api.example/rpc").value(),
            server,
            ClientCredentials{std::move(config)},
            options));
        clock->run_for(context, 1ms);
    }
    CHECK(server.count("/token") == 1'000);
    const TimePoint begun = clock->now();
    clock->run_for(context, 55min + 50s);
    // Each goes on calling, at the same times as the others.
    while (clock->now() < begun + 59min + 10s) {
        for (OneClient& client : clients)
            call(client);
        clock->run_for(context, 5s);
    }
    CHECK(failed == 0);
    std::map<Clock::rep, int> renewals;
    int all = 0;
    for (const RecordedRequest& request : server.requests()) {
        if (request.path != "/token" || request.began < begun) continue;
        ++all;
        ++renewals[(request.began - begun) / 1s];
    }
    int most = 0;
    for (const auto& each : renewals)
        most = std::max(most, each.second);
    MESSAGE(most << " renewals in a second at most");
    CHECK(all == 1'000);
    CHECK(most <= 50);
}

}  // namespace year_test
