// SPDX-License-Identifier: BSL-1.0
// `clarify-gateway`: takes samples by HTTP and inserts them into Clarify.
//
// It shows how a client lives inside an asynchronous server: one client on the server's own
// io_context, shared by all sessions on all threads, and a shutdown that loses no sample which a
// sender was told is stored. It makes one insert of each request. The service takes about one a
// second from an integration, so a gateway of many small senders would first gather samples.

#include <clarify/client.hpp>

#include "command_line.hpp"
#include "gateway.hpp"
#include "sample_service.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>

#include <csignal>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <thread>
#include <variant>
#include <vector>

namespace {

namespace asio = boost::asio;
using namespace gateway;

/// Never destroyed: a name look-up cannot be abandoned, and destroying the context would wait for
/// it, long after the drain limit.
asio::io_context& immortal_context() {
    static asio::io_context& context = *new asio::io_context;
    return context;
}

clarify::ClientOptions client_options(const CommandLine& command) {
    clarify::ClientOptions options;
    options.call_timeout = command.timeout;
    options.http.tls.ca_file = command.ca_file;
    options.http.max_connections = command.connections;
    options.http.max_waiting = command.waiting;
    return options;
}

/// An exception that leaves one handler does not keep this thread from running the others.
void run(asio::io_context& context) {
    while (!context.stopped()) {
        try {
            context.run();
        } catch (const std::exception& error) {
            std::cerr << "clarify-gateway: " << error.what() << '\n';
        }
    }
}

void run_on_threads(asio::io_context& context, std::size_t count) {
    std::vector<std::thread> others;
    while (others.size() + 1 < count)
        others.emplace_back([&context] { run(context); });
    run(context);
    for (std::thread& thread : others)
        thread.join();
}

void serve(const CommandLine& command, const clarify::Credentials& credentials) {
    asio::io_context& context = immortal_context();
    asio::signal_set signals{context, SIGINT, SIGTERM};

    // The client gets the same executor as everything else. It has a strand of its own inside.
    clarify::Client client{context.get_executor(), credentials, client_options(command)};
    SampleService service{client, credentials.integration(), command.timeout};
    const Handler handler = [&service](const Request& request) { return service.answer(request); };
    Gateway server{context, command.listen, command.max_sessions, command.limits, handler};

    signals.async_wait([&](boost::system::error_code ec, int /*signal*/) {
        if (ec) return;
        signals.clear();  // so that a second signal does what signals do, at once
        const auto give_up = [&client] { client.close(); };  // calls end with Errc::closed
        const auto stop = [&context](const std::exception_ptr&) { context.stop(); };
        asio::co_spawn(server.strand(), server.shut_down(command.drain, give_up), stop);
    });
    asio::co_spawn(server.strand(), server.accept(), asio::detached);
    std::cout << "Listening on http://" << server.endpoint() << std::endl;
    run_on_threads(context, command.threads);

    const Counts& counts = service.counts();
    std::cout << "Ended: accepted " << counts.accepted << ", stored " << counts.stored
              << ", refused " << counts.refused << ", failed " << counts.failed << std::endl;
}

}  // namespace

int main(int argc, char** argv) {
    try {
        const auto parsed = parse_command_line(argc, argv);
        if (const int* const code = std::get_if<int>(&parsed)) return *code;
        const auto& command = std::get<CommandLine>(parsed);
        const auto credentials = clarify::Credentials::from_file(command.credentials);
        if (!credentials) {
            std::cerr << "clarify-gateway: " << credentials.error() << '\n';
            return 2;
        }
        serve(command, *credentials);
        return 0;
    } catch (const std::invalid_argument& error) {  // an option is out of its range
        std::cerr << "clarify-gateway: " << error.what() << '\n';
        return 2;
    } catch (const std::exception& error) {  // the port is taken, say
        std::cerr << "clarify-gateway: " << error.what() << '\n';
        return 1;
    }
}
