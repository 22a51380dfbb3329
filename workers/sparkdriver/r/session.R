# The R process of a Spark session. Started by sparkdriver/rprocess.py as
#   R --slave --no-save --no-restore --no-init-file -f session.R --args <in> <out>
# `in` and `out` are file descriptors of pipes. The driver writes one request at a time and waits for its reply.
#   request: "<word> <bytes of each part …>\n" and the parts, UTF-8     reply: "<word> <bytes>\n" and that many bytes
# R prints to stdout and stderr, which the driver has opened.

# The functions are in an environment below base R's, so that definitions and packages of cells cannot hide base functions.
local(envir = new.env(parent = .BaseNamespaceEnv), {
  channels <- paste0("/dev/fd/", commandArgs(trailingOnly = TRUE))
  spark <- new.env() # the connection to the driver's Spark; empty without SparkR

  # The pipes are opened for each message, so that closeAllConnections() in a cell cannot end the session.
  read_request <- function() {
    con <- file(channels[1], "rb", raw = TRUE)
    on.exit(close(con))
    head <- raw()
    while (!identical(byte <- readBin(con, "raw", 1L), as.raw(10L))) {
      if (length(byte) == 0L) quit(save = "no")
      head <- c(head, byte)
    }
    words <- strsplit(rawToChar(head), " ", fixed = TRUE)[[1]]
    parts <- lapply(as.numeric(words[-1]), function(size) readBin(con, "raw", size))
    list(word = words[1], parts = parts)
  }

  write_reply <- function(word, text = "") {
    bytes <- charToRaw(enc2utf8(paste(text, collapse = "\n")))
    con <- file(channels[2], "wb", raw = TRUE)
    on.exit(close(con))
    writeBin(c(charToRaw(paste0(word, " ", length(bytes), "\n")), bytes), con)
  }

  as_text <- function(bytes) {
    text <- rawToChar(bytes)
    Encoding(text) <- "UTF-8"
    text
  }

  # Discards an interrupt that arrived after the end of a statement, so that it cannot hit the next one.
  clear_interrupt <- function() tryCatch(allowInterrupts(Sys.sleep(0)), interrupt = function(e) NULL)

  # Prints deferred warnings, which R does by itself only for code from its input. Removes "In addition: " from the header.
  print_warnings <- function() {
    if (sink.number(type = "message") != 2L) return(.Internal(printDeferredWarnings()))
    lines <- character()
    con <- textConnection("lines", "w", local = TRUE)
    sink(con, type = "message")
    tryCatch(.Internal(printDeferredWarnings()), finally = {
      sink(type = "message")
      close(con)
    })
    if (length(lines) > 0L) writeLines(sub("^In addition: ", "", lines), stderr())
  }

  # Returns the error's text as Livy shows it: in the form of print(), with the call as in Livy.
  error_text <- function(error) {
    text <- tryCatch(paste(as.character(error), collapse = ""), error = function(e) "Error: its text could not be made")
    paste("[1]", encodeString(sub("\n$", "", text), quote = "\""))
  }

  # Evaluates the code with the same call as Livy, because errors show the call.
  show <- function(code) {
    call <- bquote(eval(parse(text = .(code))))
    shown <- withVisible(eval(call, globalenv()))
    empty <- is.null(shown$value) && length(parse(text = code)) == 0L
    if (shown$visible && !empty) base::print(shown$value)
  }

  run <- function(code, plot) {
    options(device = function(...) {
      type <- if (capabilities("cairo")) "cairo" else getOption("bitmapType")
      grDevices::png(plot, type = type)
    })
    before <- grDevices::dev.list()
    reply <- withRestarts(
      tryCatch(
        {
          allowInterrupts(show(as_text(code)))
          c("ok", "")
        },
        error = function(e) c("error", error_text(e)),
        interrupt = function(e) c("cancelled", "")
      ),
      abort = function() c("error", error_text("Error: aborted")) # R's own restart would end this process
    )
    # The file is complete once its device is closed.
    tryCatch(
      for (device in setdiff(grDevices::dev.list(), before)) grDevices::dev.off(device),
      error = function(e) NULL
    )
    print_warnings()
    write_reply(reply[1], reply[2])
  }

  # SparkR receives replies in the order of its calls. After an interrupted call, its reply is still to come, so the next
  # call uses a new connection. Objects belong to the backend, not to a connection.
  guard_calls <- function() {
    namespace <- asNamespace("SparkR")
    invoke <- get("invokeJava", namespace)
    guarded <- function(...) {
      con <- SparkR:::.sparkREnv$.sparkRCon
      if (is.null(spark$connected) || !identical(con, spark$connected) || !is_open(con)) connect()
      done <- FALSE
      on.exit(if (!done) spark$connected <- NULL)
      value <- tryCatch(invoke(...), error = function(e) {
        # Any other error is a complete reply.
        done <<- !grepl("No status is returned", conditionMessage(e), fixed = TRUE)
        stop(e)
      })
      done <- TRUE
      value
    }
    unlockBinding("invokeJava", namespace)
    assign("invokeJava", guarded, envir = namespace)
    lockBinding("invokeJava", namespace)
  }

  is_open <- function(con) tryCatch(isOpen(con), error = function(e) FALSE)

  connect <- function() {
    env <- SparkR:::.sparkREnv
    old <- env$.sparkRCon
    if (!is.null(old) && is_open(old)) close(old)
    timeout <- 2147483 # seconds, because a job may take long
    spark$connected <- NULL
    SparkR:::connectBackend("127.0.0.1", spark$port, timeout, spark$secret)
    spark$connected <- env$.sparkRCon
    # The backend has a thread for each connection, and the job group belongs to the thread.
    if (!is.null(spark$group)) name_jobs()
  }

  name_jobs <- function() SparkR:::callJMethod(SparkR:::.sparkREnv$.sparkRjsc, "setJobGroup", spark$group, "statement", TRUE)

  # Loads SparkR. `library` is its folder in an installation of Spark; R itself searches other places (R_LIBS).
  start <- function(library) {
    if (dir.exists(library)) .libPaths(c(library, .libPaths()))
    version <- tryCatch(
      {
        suppressPackageStartupMessages(base::library(SparkR))
        as.character(utils::packageVersion("SparkR"))
      },
      error = function(e) c("", conditionMessage(e))
    )
    write_reply("started", c(paste(R.version$major, R.version$minor, sep = "."), version))
  }

  # `context` and `session`: the backend's ids of the driver's JavaSparkContext and SparkSession.
  attach_spark <- function(port, secret, context, session) {
    env <- SparkR:::.sparkREnv
    if (is.null(spark$port)) {
      spark$port <- as.integer(port)
      spark$secret <- secret
      guard_calls()
      env$.scStartTime <- as.integer(Sys.time())
    }
    env$.sc <- env$.sparkRjsc <- SparkR:::jobj(context)
    env$.sqlc <- env$.sparkRsession <- SparkR:::jobj(session)
    assign("sc", env$.sparkRjsc, envir = globalenv())
    assign("spark", env$.sparkRsession, envir = globalenv())
    assign("sqlContext", env$.sparkRsession, envir = globalenv())
    write_reply("attached")
  }

  # Puts the jobs of the following code into `group`.
  set_group <- function(group) {
    spark$group <- group
    reply <- tryCatch(
      {
        allowInterrupts(name_jobs())
        c("set", "")
      },
      error = function(e) c("failed", conditionMessage(e)),
      interrupt = function(e) c("cancelled", "")
    )
    write_reply(reply[1], reply[2])
  }

  complete <- function(line) {
    candidates <- tryCatch(
      allowInterrupts({
        utils:::.assignLinebuffer(line)
        utils:::.assignEnd(nchar(line))
        utils:::.guessTokenFromLine()
        utils:::.completeToken()
        utils:::.retrieveCompletions()
      }),
      error = function(e) character(),
      interrupt = function(e) character()
    )
    write_reply("candidates", candidates)
  }

  suspendInterrupts(repeat {
    request <- read_request()
    clear_interrupt()
    parts <- request$parts
    switch(request$word,
      start = start(as_text(parts[[1]])),
      attach = do.call(attach_spark, lapply(parts, as_text)),
      group = set_group(as_text(parts[[1]])),
      run = run(parts[[1]], as_text(parts[[2]])),
      complete = complete(as_text(parts[[1]]))
    )
  })
})
