// SPDX-License-Identifier: BSL-1.0

#include <clarify/http/detail/beast/upload.hpp>

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>

#include <doctest/doctest.h>
#include <support/memory_net.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace upload_test {

using namespace clarify;

namespace {

/// A connection to a peer that reads nothing, and a large request on its way over it.
struct Scene {
    explicit Scene(std::optional<support::error_code> fault = {}) {
        const support::MemoryEndpoint endpoint{boost::asio::ip::make_address("192.0.2.1"), 80};
        network.listen(endpoint, [&](support::MemorySocket socket) { peer = std::move(socket); });
        connection->socket().async_connect(endpoint, [](const support::error_code&) {});
        context.run();
        REQUIRE(peer.has_value());
        request.url = &url;
        request.body = *body;
        connection->compose_head(request, url.authority());
        if (fault) network.fail_step(network.steps() + 1, *fault);
        upload.begin(context.get_executor(), connection, request.body, progress);
    }
    void run() {
        context.restart();
        context.run();
    }

    boost::asio::io_context context;
    support::MemoryNetwork& network = support::MemoryNetwork::of(context);
    std::optional<support::MemorySocket> peer;
    std::shared_ptr<detail::Connection<support::MemoryNet>> connection =
        std::make_shared<detail::Connection<support::MemoryNet>>(context.get_executor(), nullptr);
    Url url = Url::parse("http://192.0.2.1/rpc").value();
    std::unique_ptr<std::string> body = std::make_unique<std::string>(200'000, 'x');
    HttpRequest request;
    HttpProgress progress{Phase::write, true};
    detail::Upload<support::MemoryNet> upload;
};

}  // namespace

TEST_CASE("Upload: writes all of the body, and says so") {
    Scene scene;
    CHECK(scene.upload.is_on_its_way());
    scene.run();
    CHECK_FALSE(scene.upload.is_on_its_way());
    CHECK_FALSE(scene.upload.is_incomplete());
    CHECK(scene.network.bytes_to_server(0) > scene.body->size());
    CHECK(scene.progress.phase == Phase::first_byte);
}

TEST_CASE("Upload: once it was stopped, it begins no other write, and does not look at the body") {
    Scene scene;
    // The first piece is written by now; only its handler has still to run.
    const std::size_t steps = scene.network.steps();
    scene.upload.stop();
    scene.body.reset();
    scene.run();
    CHECK(scene.network.steps() == steps);
    CHECK_FALSE(scene.upload.error());
    CHECK(scene.upload.is_incomplete());
    CHECK(scene.progress.phase == Phase::write);
}

TEST_CASE("Upload: a failure closes the connection, unless a reply may be there to be read") {
    struct Row {
        support::error_code fault;
        bool open;
    };
    for (const Row& row :
         {Row{boost::asio::error::broken_pipe, true},
          Row{boost::asio::error::connection_reset, true},
          Row{boost::asio::error::timed_out, false}}) {
        CAPTURE(row.fault.message());
        Scene scene{row.fault};
        scene.run();
        CHECK(scene.upload.error() == row.fault);
        CHECK(scene.upload.is_incomplete());
        CHECK(scene.connection->socket().is_open() == row.open);
        CHECK(scene.progress.phase == Phase::write);
    }
}

}  // namespace upload_test
