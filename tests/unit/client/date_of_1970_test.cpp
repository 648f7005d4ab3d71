// SPDX-License-Identifier: BSL-1.0
// A machine that starts without the right date: to its clock of 1970 no certificate is valid yet.
// What verifies certificates has no clock but the system's, so the server's is that of another century
// until the date is set.

#include <clarify/api/api_client.hpp>
#include <clarify/auth/credentials_auth.hpp>
#include <clarify/credentials.hpp>
#include <clarify/http/beast_backend.hpp>
#include <clarify/ingest/basic_sample_writer.hpp>
#include <clarify/ingest/client_sink.hpp>
#include <clarify/ingest/memory_spool.hpp>
#include <clarify/json/boost_json_codec.hpp>
#include <clarify/rpc_client.hpp>
#include <clarify/testing/manual_clock.hpp>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <support/memory_net.hpp>
#include <support/memory_server.hpp>
#include <support/pki.hpp>
#include <support/temporary_directory.hpp>

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include <clarify/http/impl/beast_backend.hpp>

namespace date_of_1970_test {

using namespace clarify;
using namespace std::chrono_literals;
namespace pki = support::pki;
using support::MemoryServer;

namespace {

/// A writer with a client of credentials in a file, before a server of the right century.
class Machine {
public:
    using Backend = BasicBeastBackend<support::MemoryNet>;
    using Client = ApiClient<RpcClient<Backend, CredentialsAuth, BoostJsonCodec>>;
    using Writer = BasicSampleWriter<ClientSink<Client>, MemorySpool>;

    Machine() {
        clock->set_wall_time(std::chrono::sys_days{} + 60s);
        write_credentials("old-secret");
        net_.name("api.example", {endpoint_.address()});
        server_->keep_requests(false);
        ClientOptions options;
        options.clock = clock;
        options.retry.seed = 1;
        options.http.tls.ca_pem = authority_.certificate_pem();
        const auto credentials = Credentials::from_file(folder_ / "credentials.json").value();
        Client::Base base{
            context_.get_executor(),
            credentials.rpc_url(),
            Backend{options.http},
            credentials.auth(),
            options};
        SampleWriterOptions terms;
        terms.clock = clock;
        terms.seed = 1;
        writer.emplace(
            context_.get_executor(),
            ClientSink{std::make_shared<Client>(std::move(base), "c618rbfqfsj7mjkj0ss1")},
            MemorySpool{},
            terms);
    }
    ~Machine() {
        writer.reset();
        settle();
    }

    void write_credentials(const std::string& secret) {
        secret_ = secret;
        folder_.write(
            "credentials.json",
            R"({"apiUrl":"https://api.example/v1/","integration":"c618rbfqfsj7mjkj0ss1","credentials":{)"
            R"("type":"client-credentials","clientId":"id","clientSecret":")" +
                secret + "\"}}");
    }
    /// By now it is later.
    void set_date() {
        clock->set_wall_time(std::chrono::sys_days{std::chrono::year{2026} / 11 / 30});
        const auto leaf = leaf_of(pki::valid);
        SSL_CTX_use_certificate(tls_->native_handle(), leaf.certificate());
        SSL_CTX_use_PrivateKey(tls_->native_handle(), leaf.key());
    }
    /// A sample a minute.
    void live(int minutes) {
        for (int i = 0; i != minutes; ++i) {
            CHECK(writer->try_write("a", Timestamp::from_microseconds(offered), offered));
            ++offered;
            pass(1min);
            CHECK(writer->stats().oldest_age >= 0s);
        }
    }

    const std::shared_ptr<testing::ManualClock> clock = std::make_shared<testing::ManualClock>();
    std::optional<Writer> writer;
    int offered = 0;
    /// By their times.
    std::map<std::string, double> stored;
    int tokens = 0;
    int refused_tokens = 0;

private:
    pki::Identity leaf_of(pki::Window when) const {
        return authority_.issue(pki::leaf().names({"DNS:api.example"}).in(when));
    }
    std::string answer(const MemoryServer::RawRequest& request) {
        if (request.head.starts_with("POST /v1/oauth/token")) {
            if (request.body.find(secret_) == std::string::npos) {
                ++refused_tokens;
                return "HTTP/1.1 401 Unauthorized\r\nContent-Length: 4\r\n\r\noops";
            }
            ++tokens;
            return support::http_reply(
                R"({"access_token":"t","token_type":"Bearer","expires_in":3600})");
        }
        const boost::json::value call = boost::json::parse(request.body);
        const boost::json::value& data = call.at("params").at("data");
        const auto& times = data.at("times").as_array();
        const auto& values = data.at("series").at("a").as_array();
        for (std::size_t i = 0; i != times.size(); ++i)
            stored[std::string{times[i].as_string()}] = values[i].to_number<double>();
        return support::http_reply(support::rpc_response(request.id(), R"({"signalsByInput":{}})"));
    }
    void settle() {
        for (bool more = true; more;) {
            context_.restart();
            server_context_.restart();
            more = context_.poll() + server_context_.poll() != 0;
        }
    }
    void pass(Clock::duration span) {
        const TimePoint when = clock->now() + span;
        for (;;) {
            settle();
            const auto next = clock->next_alarm();
            if (!next || *next > when) break;
            clock->advance_to(*next);
        }
        clock->advance_to(when);
    }

    const support::TemporaryDirectory folder_;
    std::string secret_;
    const pki::Identity authority_ = pki::Identity::self_signed();
    pki::TlsContext tls_ = pki::server(leaf_of(pki::not_yet));
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
};

}  // namespace

TEST_CASE("date of 1970: a writer waits, and once the date is set all is stored with one token") {
    Machine machine;
    machine.live(60);
    // What waits is younger than nothing for a while.
    machine.clock->set_wall_time(std::chrono::sys_days{});
    // The file's time is that of the system, and lies ahead.
    machine.write_credentials("new-secret");
    machine.live(60);
    const WriterStats waiting = machine.writer->stats();
    CHECK(waiting.state == WriterState::waiting);
    REQUIRE(waiting.error.has_value());
    CHECK(waiting.error->code() == Errc::tls);
    CHECK(waiting.error->reason() == Reason::cert_time);
    CHECK(waiting.counts.stored == 0);
    CHECK(machine.tokens + machine.refused_tokens == 0);
    // It tries again each half a minute or so.
    CHECK(waiting.requests > 2 * 60);
    CHECK(waiting.requests < 3 * 2 * 60);

    machine.set_date();
    machine.live(5);
    const WriterStats stats = machine.writer->stats();
    CHECK(stats.state == WriterState::ok);
    CHECK(stats.counts.stored == static_cast<unsigned>(machine.offered));
    CHECK(machine.stored.size() == static_cast<unsigned>(machine.offered));
    CHECK(machine.tokens == 1);
    CHECK(machine.refused_tokens == 0);
    CHECK(stats.requests <= waiting.requests + 7);

    // A date that is set back again, as by a clock whose battery is empty.
    machine.clock->set_wall_time(std::chrono::sys_days{} + 60s);
    machine.live(5);
    CHECK(machine.writer->stats().counts.stored == static_cast<unsigned>(machine.offered));
    CHECK(machine.tokens == 1);
}

}  // namespace date_of_1970_test
