// SPDX-License-Identifier: BSL-1.0
// The calls of the campaign, made with this library.

#include <clarify/auth/client_credentials.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>

#include "campaign.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <list>
#include <string>
#include <thread>
#include <vector>

namespace campaign {
namespace {

using Client =
    clarify::RpcClient<clarify::BeastBackend, clarify::ClientCredentials, clarify::BoostJsonCodec>;
using Reply = clarify::Result<boost::json::value>;

clarify::ClientOptions client_options(const Settings& settings) {
    clarify::ClientOptions options;
    options.call_timeout = settings.deadline;
    options.http.max_connections = settings.connections;
    options.retry.attempts = settings.attempts;
    options.retry.base = std::chrono::milliseconds{5};
    options.retry.throttled_base = std::chrono::milliseconds{10};
    // Off: what may be repeated shall be repeated, all the time.
    options.retry.budget = 0;
    return options;
}

clarify::ClientCredentials credentials(const Settings& settings, const Ledger& ledger) {
    // Without harm on the way: what a failed fetch does to calls is tested elsewhere, and here it
    // would only keep them from being made.
    const std::string origin = "http://127.0.0.1:" + std::to_string(ledger.server_port);
    clarify::ClientCredentialsConfig config{
        clarify::Url::parse(origin + "/token").value(), "campaign", clarify::Secret{"secret"}};
    config.token.fetch_timeout = settings.deadline;
    // The server revokes its tokens every few seconds, for which the pause between two fetches
    // would grow.
    config.token.times.longest_pause = config.token.times.first_pause;
    return clarify::ClientCredentials{std::move(config)};
}

/// Makes one call after the other.
class Worker {
public:
    Worker(boost::asio::io_context& context, Client& client, const Settings& settings, Diary& diary)
        : client_(client), settings_(settings), diary_(diary), timer_(context) {}

    void next() {
        const std::uint32_t call = diary_.begin_call();
        if (call == settings_.calls) return;
        boost::json::object params;
        params["nonce"] = call;
        clarify::CallOptions options;
        options.idempotent = settings_.idempotent;
        const auto begun = Clock::now();
        client_.async_call("ledger.add", params, options, [this, call, begun](const Reply& reply) {
            note(call, begun, reply);
            pause(call);
        });
    }

private:
    void note(std::uint32_t call, Clock::time_point begun, const Reply& reply) {
        if (reply) {
            const bool crossed = reply->at("nonce").to_number<std::uint32_t>() != call;
            return diary_.end_call(call, begun, Told::success, "success", crossed, 1);
        }
        const clarify::Error& error = reply.error();
        std::string kind{to_string(error.code())};
        if (error.code() == clarify::Errc::status)
            kind += ' ' + std::to_string(error.http_status());
        if (error.reason() != clarify::Reason::none)
            kind += '[' + std::string{to_string(error.reason())} + ']';
        kind += " in " + std::string{to_string(error.phase())};
        Told told = Told::unknown;
        if (error.fate() == clarify::Fate::unsent) told = Told::unsent;
        if (error.fate() == clarify::Fate::answered) told = Told::answered;
        diary_.end_call(call, begun, told, kind, false, error.attempts());
    }
    void pause(std::uint32_t call) {
        const unsigned time = diary_.pause_after(call);
        timer_.expires_after(std::chrono::microseconds{time});
        timer_.async_wait([this](auto) { next(); });
    }

    Client& client_;
    const Settings& settings_;
    Diary& diary_;
    boost::asio::steady_timer timer_;
};

}  // namespace

void run_clarify(const Settings& settings, Ledger& ledger, Diary& diary) {
    boost::asio::io_context context;
    const std::string origin = "http://127.0.0.1:" + std::to_string(ledger.proxy_port);
    const clarify::ClientOptions options = client_options(settings);
    Client client{
        context.get_executor(),
        clarify::Url::parse(origin + "/rpc").value(),
        clarify::BeastBackend{options.http},
        credentials(settings, ledger),
        options};
    std::list<Worker> workers;
    for (unsigned i = 0; i != settings.concurrency; ++i) {
        Worker& worker = workers.emplace_back(context, client, settings, diary);
        boost::asio::post(context, [&worker] { worker.next(); });
    }
    auto work = boost::asio::make_work_guard(context);
    std::vector<std::thread> pool;
    for (int i = 0; i != 2; ++i)
        pool.emplace_back([&context] { context.run(); });
    const bool all_ended = diary.wait();
    work.reset();
    client.close();
    if (!all_ended) context.stop();
    for (std::thread& thread : pool)
        thread.join();
}

}  // namespace campaign
