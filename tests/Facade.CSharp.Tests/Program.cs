return Optim.Testing.TestMain.Run(args);
