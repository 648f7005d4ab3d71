// SPDX-License-Identifier: BSL-1.0
// `clarify-gateway`: takes samples by HTTP and inserts them into Clarify.
//
// It shows how a client lives inside an asynchronous server that runs for years: one client on the
// server's own io_context, shared by all sessions on all threads and replaced when its credentials
// are, and a shutdown that says what became of every sample. The service takes about one insert a second
// from an integration, so what all senders post is gathered by one writer.

#include <clarify/auth/file_token_store.hpp>
#include <clarify/core/detail/text.hpp>
#include <clarify/observe/metrics.hpp>
#include <clarify/pace/file_pace_store.hpp>

#include "../daemons/link_files.hpp"
#include "../daemons/log.hpp"
#include "../daemons/reload.hpp"
#include "../daemons/service_manager.hpp"
#include "../daemons/writer_log.hpp"
#include "clarify_link.hpp"
#include "command_line.hpp"
#include "gateway.hpp"
#include "gateway_spool.hpp"
#include "link_sink.hpp"
#include "rejected_log.hpp"
#include "sample_service.hpp"
#include "sender_token.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace {

namespace asio = boost::asio;
using namespace daemons;
using namespace gateway;

constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// Never destroyed: a name look-up cannot be abandoned, and destroying the context would wait for
/// it, long after the drain limit.
asio::io_context& immortal_context() {
    static asio::io_context& context = *new asio::io_context;
    return context;
}

clarify::TlsOptions tls_options(const CommandLine& command) {
    clarify::TlsOptions tls;
    tls.ca_file = command.ca_file;
    return tls;
}

clarify::ClientOptions client_options(
    const CommandLine& command, const clarify::Metrics& metrics, Log& log) {
    clarify::ClientOptions options;
    options.observer = [metrics, &log](const clarify::Event& event) {
        metrics(event);
        if (event.kind == clarify::EventKind::token_store_failed)
            log.write(Level::warning, "the token is not shared: " + event.error->to_string());
        if (event.kind == clarify::EventKind::pace_store_failed)
            log.write(
                Level::warning, "the rate limits are not shared: " + event.error->to_string());
    };
    options.call_timeout = command.timeout;
    options.http.tls = tls_options(command);
    options.http.max_connections = command.connections;
    options.http.max_waiting = command.waiting;
    const std::filesystem::path tokens = command.token_cache.empty()
        ? clarify::FileTokenStore::default_folder()
        : std::filesystem::path{command.token_cache};
    // A service may have no home.
    if (command.has_token_cache && !tokens.empty()) {
        options.token.store = clarify::FileTokenStore{tokens};
        options.pace.store = clarify::FilePaceStore{tokens};
    }
    // Of an insert the reply names each series, at some eight times the length of the shortest.
    options.max_response_body =
        std::max<std::size_t>(std::size_t{1} << 20U, 8 * command.limits.body);
    return options;
}

/// What the process begins with.
void prepare_process() {
    // A write to where nobody reads fails instead.
    std::signal(SIGPIPE, SIG_IGN);
    // Nor does a hang-up end it before it heeds them.
    std::signal(SIGHUP, SIG_IGN);
    // A standard descriptor that is closed would become a socket, and get what is printed.
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(descriptor, F_GETFD) != -1) continue;
        static_cast<void>(::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY));
    }
#if defined(__GLIBC__)
    // What a large request took goes back to the system, instead of being kept for the next one.
    ::mallopt(M_MMAP_THRESHOLD, 128 * 1024);
#endif
}

/// Lets the process have as many descriptors as it may, and returns how many sessions these allow.
std::size_t allowed_sessions(const CommandLine& command, Log& log) {
    // Of Clarify's connections, of the log, the loop, files and look-ups.
    const std::size_t others = 64 + 2 * command.connections;
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return command.max_sessions;
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, others + command.max_sessions);
    if (::setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= others + command.max_sessions)
        return command.max_sessions;
    const std::size_t allowed =
        limit.rlim_cur > others ? static_cast<std::size_t>(limit.rlim_cur) - others : 1;
    log.write(
        Level::warning,
        "this process may have " + std::to_string(limit.rlim_cur) + " descriptors, so there are " +
            std::to_string(allowed) + " connections at a time at most");
    return allowed;
}

/// An exception that leaves one handler does not keep this thread from running the others.
void run(asio::io_context& context, Log& log) {
    while (!context.stopped()) {
        try {
            context.run();
        } catch (const std::exception& error) {
            log.write(Level::error, error.what());
        }
    }
}

/// The gateway with all that belongs to it.
class Service {
public:
    Service(
        const CommandLine& command,
        Log& log,
        LinkFiles files,
        SenderToken& token,
        GatewaySpool spool)
        : command_(command),
          log_(log),
          signals_(context_, SIGINT, SIGTERM, SIGHUP),
          files_(std::move(files)),
          token_(token),
          memory_(command.max_memory),
          writer_(
              context_.get_executor(),
              LinkSink{link_, command.timeout, owner()},
              std::move(spool),
              writer_options()),
          server_(context_, allowed_sessions(command, log), shared_, accepting_) {}

    /// Returns the exit code.
    int run_until_ended() {
        use_files();
        listen();
        asio::co_spawn(server_.strand(), heed_signals(), asio::detached);
        please_watchdog(server_.strand());
        server_.accept();
        tell_manager("READY=1");
        run_on_threads();

        const clarify::SampleCounts counts = writer_.stats().counts;
        std::ostringstream text;
        text << "Ended: accepted " << counts.offered << ", stored " << counts.stored
             << ", rejected " << counts.dropped_for(clarify::DropReason::rejected) << ", left "
             << left_ << ", refused " << samples_.refused();
        output_.write(text.str());
        return left_ == 0 || kept_ ? 0 : 1;
    }

private:
    /// For whom the samples in a file are. Those in memory go wherever the credentials lead.
    std::optional<SampleOwner> owner() const {
        if (command_.spool.empty()) return std::nullopt;
        const clarify::Credentials& credentials = *files_.credentials();
        return SampleOwner{credentials.api_url().to_string(), credentials.integration()};
    }

    void use_files() {
        link_.replace(std::make_shared<ClarifyLink>(
            context_.get_executor(),
            *files_.credentials(),
            client_options(command_, metrics_, log_)));
        for (const std::string& warning : files_.credentials()->warnings())
            log_.write(Level::warning, warning);
    }

    void listen() {
        std::vector<asio::ip::tcp::endpoint> places;
        for (const int listener : inherited_listeners())
            places.push_back(server_.adopt(listener));
        if (places.empty()) places.push_back(server_.listen(command_.listen));
        for (const asio::ip::tcp::endpoint& place : places) {
            std::ostringstream text;
            text << "Listening on http://" << place;
            output_.write(text.str());
        }
        const bool local = std::all_of(places.begin(), places.end(), [](const auto& each) {
            return is_local(each.address());
        });
        if (!local && !token_.is_asked_for()) {
            log_.write(
                Level::warning,
                "whoever reaches this host may write samples; with --token-file senders have to "
                "show a token");
        }
    }

    asio::awaitable<void> heed_signals() {
        bool stopping = false;
        while (true) {
            const auto [ec, signal] = co_await signals_.async_wait(as_result);
            if (ec) co_return;
            if (signal == SIGHUP) {
                if (!stopping) reload();
            } else if (!std::exchange(stopping, true)) {
                // So that a second one does what signals do, at once. A hang-up still ends nothing.
                signals_.remove(SIGINT);
                signals_.remove(SIGTERM);
                tell_manager("STOPPING=1");
                const auto stop = [this](const std::exception_ptr&) { context_.stop(); };
                asio::co_spawn(server_.strand(), end(), stop);
            }
        }
    }

    /// New posts are refused at once; what was accepted is stored, as far as there is time.
    asio::awaitable<void> end() {
        constexpr std::chrono::seconds moment{1};
        const clarify::Result<clarify::DrainReport> drained =
            co_await writer_.drain(command_.drain);
        if (drained) {
            left_ = drained->left;
            kept_ = drained->kept;
        }
        const std::string left = std::to_string(left_) + " samples ";
        if (left_ != 0 && kept_) log_.write(Level::notice, left + "wait in " + command_.spool);
        if (left_ != 0 && !kept_) log_.write(Level::error, left + "are lost: not stored in time");
        link_.close();
        co_await server_.shut_down(moment, [] {});
    }

    clarify::SampleWriterOptions writer_options() {
        clarify::SampleWriterOptions options;
        options.max_delay = command_.max_delay;
        options.on_full = command_.on_full;
        options.on_change = [this](const auto& stats) { writer_log_.changed(stats); };
        options.on_rejected = [this](const auto& sample) { rejected_log_.add(sample); };
        return options;
    }

    void reload() {
        const auto read_link = [this] {
            Changes changes = files_.read();
            if (changes && !changes->empty()) use_files();
            return changes;
        };
        read_again(log_, {read_link, [this] { return token_.read(); }});
    }

    void run_on_threads() {
        std::vector<std::thread> others;
        while (others.size() + 1 < command_.threads)
            others.emplace_back([this] { run(context_, log_); });
        run(context_, log_);
        for (std::thread& thread : others)
            thread.join();
    }

    void note_foreign_host(std::string_view host) {
        foreign_.happened([&] {
            return "refused a request for the host \"" + clarify::detail::printable(host, 256) +
                "\": answered are " + shared_.hosts.to_string() + "; --host adds one";
        });
    }

    const CommandLine& command_;
    Log& log_;
    LineChannel output_{STDOUT_FILENO};
    asio::io_context& context_ = immortal_context();
    // From the start, so that no signal of these ever does what it does by itself.
    asio::signal_set signals_;
    LinkFiles files_;
    SenderToken& token_;
    // For each client, so that what was counted survives other credentials.
    clarify::Metrics metrics_;
    CurrentLink link_;
    LoggedState accepting_{
        log_, "connections have to wait", "connections are accepted again", "attempts"};
    LoggedState room_{log_, "requests are refused", "requests are taken again", "requests"};
    Memory memory_;
    WriterLog writer_log_{log_, "samples are refused", "samples are taken again"};
    RejectedLog rejected_log_{log_, command_.spool};
    Writer writer_;
    SampleService samples_{
        link_, writer_, metrics_, command_.timeout, command_.unhealthy_after, command_.limits.body};
    std::uint64_t left_ = 0;
    bool kept_ = false;
    RareLine foreign_{log_};
    RareLine strangers_{log_};
    const SessionShared shared_{
        command_.limits,
        OwnHosts{command_.hosts},
        token_,
        memory_,
        [this](Request& request) { return samples_.answer(request); },
        [this](std::string_view host) { note_foreign_host(host); },
        [this] {
            strangers_.happened([] { return "refused a request without the senders' token"; });
        },
        room_};
    Gateway server_;
};

}  // namespace

int main(int argc, char** argv) {
    prepare_process();
    const auto parsed = parse_command_line(argc, argv);
    if (const int* const code = std::get_if<int>(&parsed)) return *code;
    const auto& command = std::get<CommandLine>(parsed);
    Log log{"clarify-gateway", command.log_levels};
    try {
        LinkFiles files{command.credentials, tls_options(command)};
        const Changes read = files.read();
        if (!read) {
            log.write(Level::error, read.error().to_string());
            return 2;
        }
        SenderToken token{command.token_file};
        const Changes token_read = token.read();
        if (!token_read) {
            log.write(Level::error, token_read.error().to_string());
            return 2;
        }
        clarify::Result<GatewaySpool> spool = open_spool(command, *files.credentials());
        if (!spool) {
            log.write(Level::error, spool.error().to_string());
            // A disk may have room the next time.
            return spool.error().code() == clarify::Errc::overloaded ? 1 : 2;
        }
        Service service{command, log, std::move(files), token, std::move(*spool)};
        return service.run_until_ended();
    } catch (const std::invalid_argument& error) {  // an option is out of its range
        log.write(Level::error, error.what());
        return 2;
    } catch (const std::exception& error) {  // the port is taken, say
        log.write(Level::error, error.what());
        return 1;
    }
}
