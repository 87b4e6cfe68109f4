# The outside libraries, all from Debian 12. docs/ARCHITECTURE.md says why each is here.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(CLI11 2.1 REQUIRED)
find_package(Catch2 2.13 REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
pkg_check_modules(cares REQUIRED IMPORTED_TARGET libcares)
pkg_check_modules(jemalloc REQUIRED IMPORTED_TARGET jemalloc)

# Asio and Beast are compiled once (Boost's separate compilation), not in every file.
add_library(cpc_boost STATIC ${PROJECT_SOURCE_DIR}/cmake/boost_asio.cc
                             ${PROJECT_SOURCE_DIR}/cmake/boost_beast.cc)
target_compile_definitions(cpc_boost PUBLIC
  BOOST_ASIO_SEPARATE_COMPILATION BOOST_BEAST_SEPARATE_COMPILATION
  BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(cpc_boost PUBLIC Boost::headers OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
